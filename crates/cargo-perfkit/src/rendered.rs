//! The report files of a run, under `target/perfkit/report`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use perfkit_model::run::Case;
use perfkit_report::{Selection, View};

use crate::cli::Format;
use crate::failure::Failure;
use crate::parallel;
use crate::progress;
use crate::store::{file_name, write_whole};
use crate::workspace::Workspace;

/// Name of the page.
pub(crate) const PAGE: &str = "index.html";

/// Metrics that get flamegraph files of their own.
const DRAWN: [&str; 5] = [
    "cpu.samples",
    "instructions.count",
    "heap.bytes",
    "heap.allocs",
    "memcpy.bytes",
];

/// Refuses formats that show the stacks of one case, for commands that show all cases.
pub(crate) fn check_whole(format: Format) -> Result<(), Failure> {
    if matches!(format, Format::Folded | Format::Svg | Format::Pprof) {
        return Err(Failure::usage("this command prints no single stacks")
            .hint("run it first, then `cargo perfkit report --format svg --case NAME --metric memcpy.bytes`"));
    }
    Ok(())
}

/// Writes every report of a run into the report folder, and returns the page's path.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn write_all(workspace: &Workspace, view: &View<'_>) -> anyhow::Result<PathBuf> {
    let folder = workspace.folder("report")?;
    let page = folder.join(PAGE);
    write(&page, Format::Html, view, None)?;
    write(&folder.join("summary.md"), Format::Markdown, view, None)?;
    write(&folder.join("report.json"), Format::Json, view, None)?;
    let cases = view.run.cases.iter().collect();
    parallel::map(cases, |case| write_case(&folder, case, view))
        .into_iter()
        .collect::<anyhow::Result<()>>()?;
    Ok(page)
}

fn write_case(folder: &Path, case: &Case, view: &View<'_>) -> anyhow::Result<()> {
    let name = file_name(&case.id);
    for metric in DRAWN {
        if case.stacks.column(metric).is_none() {
            continue;
        }
        let selection = Selection {
            case: &case.id,
            metric,
        };
        let metric = metric.replace('.', "-");
        write(
            &folder.join(format!("{name}.{metric}.svg")),
            Format::Svg,
            &alone(view),
            Some(selection),
        )?;
        write(
            &folder.join(format!("{name}.{metric}.folded")),
            Format::Folded,
            &alone(view),
            Some(selection),
        )?;
        if view.base.is_some() {
            write(
                &folder.join(format!("{name}.{metric}.diff.svg")),
                Format::Svg,
                view,
                Some(selection),
            )?;
        }
    }
    if !case.stacks.nodes.is_empty() {
        let selection = Selection {
            case: &case.id,
            metric: "cpu.samples",
        };
        write(
            &folder.join(format!("{name}.pb.gz")),
            Format::Pprof,
            view,
            Some(selection),
        )?;
    }
    Ok(())
}

/// The view without its base: a plain flamegraph.
fn alone<'a>(view: &View<'a>) -> View<'a> {
    View {
        base: None,
        ..*view
    }
}

fn write(
    path: &Path,
    format: Format,
    view: &View<'_>,
    selection: Option<Selection<'_>>,
) -> anyhow::Result<()> {
    write_whole(path, |writer| {
        render(format, view, selection, false, writer)
    })
}

/// Renders one format into a writer.
pub(crate) fn render(
    format: Format,
    view: &View<'_>,
    selection: Option<Selection<'_>>,
    colours: bool,
    mut writer: &mut dyn Write,
) -> anyhow::Result<()> {
    let writer = &mut writer;
    let chosen = || selection.context("this format draws one case: name it with `--case`");
    match format {
        Format::Terminal => {
            perfkit_report::terminal::render(view, &terminal_options(colours), writer)
        }
        Format::Json => perfkit_report::json::render(view, writer),
        Format::Markdown => perfkit_report::markdown::render(view, writer),
        Format::Html => perfkit_report::html::render(view, writer),
        Format::Folded => perfkit_report::folded::render(view, &chosen()?, writer),
        Format::Svg if view.base.is_some() => {
            perfkit_report::svg::render_difference(view, &chosen()?, writer)
        }
        Format::Svg => perfkit_report::svg::render(view, &chosen()?, writer),
        Format::Pprof => perfkit_report::pprof::render(view, chosen()?.case, writer),
    }
    .context("failed to render the report")
}

/// How wide and colourful the terminal is.
pub(crate) fn terminal_options(colour: bool) -> perfkit_report::terminal::Options {
    perfkit_report::terminal::Options {
        colour,
        width: width(),
    }
}

fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(100)
        .clamp(60, 160)
}

/// Shows the page in the user's browser.
pub(crate) fn open(page: &Path) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if let Err(error) = std::process::Command::new(opener).arg(page).spawn() {
        progress::warn(&format!(
            "{opener} did not start ({error}); the page is {}",
            page.display()
        ));
    }
}
