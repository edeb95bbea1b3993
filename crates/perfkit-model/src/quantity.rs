//! One notation for numbers with units, everywhere a person reads them.

use std::fmt;

use crate::metric::Unit;

/// A value with its unit; `Display` gives three significant digits and a fitting prefix.
///
/// Bytes are decimal (1 kB = 1,000 B), as in the reports of the operating system's tools.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: &[(f64, &str)] = match self.unit {
            Unit::Count => &[(1e9, " G"), (1e6, " M"), (1e4, " k"), (1.0, "")],
            Unit::Bytes => &[(1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1.0, " B")],
            Unit::Nanoseconds => &[(1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1.0, " ns")],
        };
        let magnitude = self.value.abs();
        let (step, name) = steps
            .iter()
            .copied()
            // Three digits round up from here on: 999 999 B is 1.00 MB and not 1000 kB.
            .find(|(step, name)| {
                magnitude
                    >= if *name == " k" {
                        *step
                    } else {
                        *step * 0.999_5
                    }
            })
            .unwrap_or((1.0, steps[steps.len() - 1].1));
        // " k" starts at 10,000 so that small counts stay exact.
        let scaled = self.value / if name == " k" { 1e3 } else { step };
        if magnitude > 0.0 && magnitude < 0.005 {
            return formatter.pad(&format!("≈0{name}"));
        }
        let decimals = match scaled.abs() {
            _ if step == 1.0 && self.value.fract() == 0.0 => 0,
            large if large >= 100.0 => 0,
            middle if middle >= 10.0 => 1,
            _ => 2,
        };
        formatter.pad(&format!("{scaled:.decimals$}{name}"))
    }
}

/// An exact whole number with thin groups of three: `50 008`.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A relative change: `+12.3 %`, `×4.1` from fourfold up, `new` from zero.
#[must_use]
pub fn change(base: f64, head: f64) -> String {
    if base == head {
        return "=".to_owned();
    }
    if base == 0.0 {
        return "new".to_owned();
    }
    let ratio = head / base;
    if ratio >= 4.0 {
        let decimals = usize::from(ratio < 100.0);
        return format!("×{ratio:.decimals$}");
    }
    let percent = (ratio - 1.0) * 100.0;
    let decimals = if percent.abs() < 0.1 { 3 } else { 1 };
    format!("{percent:+.decimals$} %")
}
