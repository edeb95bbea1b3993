//! A little more time for the same instructions.
//!
//! Where a function or a buffer lies in memory moves CPU time by a few percent, and any edit moves them. Code that does more
//! executes more. So a small growth of time alone, with every count the same, is worth knowing and fails no build.

use perfkit_model::comparison::{Judgement, Level};

use crate::finding::Found;
use crate::rows::Judged;
use crate::rules::cpu_time_grew;

/// Growth of time that has been seen of the same instructions in another place.
const MOST: f64 = 0.05;

/// Part by which instructions may differ that are taken for the same.
const SAME: f64 = 0.01;

/// Makes a note of growth in CPU time that nothing else shares. Where it was measured in many orders of the program's
/// sections, what is left lies within functions: how the compiler arranged them.
pub(crate) fn weigh(found: &mut [Found], judged: &[Judged]) {
    let rows = || judged.iter().map(|judged| &judged.row);
    let is_alone = rows().all(|row| row.metric == "time.cpu" || row.judgement != Judgement::Worse);
    let same_instructions = rows().any(|row| {
        let (Some(base), Some(head)) = (row.base, row.head) else {
            return false;
        };
        row.metric == "instructions.count"
            && row.judgement == Judgement::Same
            && (head - base).abs() <= SAME * base
    });
    let is_small = rows()
        .filter(|row| row.metric == "time.cpu")
        .filter_map(|row| row.estimate)
        .all(|estimate| estimate.effect <= MOST);
    if !(is_alone && same_instructions && is_small) {
        return;
    }
    for Found { finding, fact } in found {
        if finding.rule == cpu_time_grew::RULE.id && finding.level == Level::Deny {
            let words =
                "; the instructions are the same, so it is likely how code and data lie in memory";
            finding.level = Level::Note;
            finding.message.push_str(words);
            fact.push_str(words);
        }
    }
}
