//! One notation for numbers.

use perfkit_model::metric::Unit;
use perfkit_model::quantity::{Quantity, change, grouped};

#[test]
fn quantities_have_three_digits_and_a_fitting_prefix() {
    use Unit::{Bytes, Count, Nanoseconds};
    for (unit, value, text) in [
        (Count, 0.0, "0"),
        (Count, 1.0, "1"),
        (Count, 2.5, "2.50"),
        (Count, 33.333_3, "33.3"),
        (Count, 9_999.0, "9999"),
        (Count, 10_000.0, "10.0 k"),
        (Count, 123_456.0, "123 k"),
        (Count, 1_500_000.0, "1.50 M"),
        (Count, 2e9, "2.00 G"),
        (Bytes, 0.0, "0 B"),
        (Bytes, 24.0, "24 B"),
        (Bytes, 999.0, "999 B"),
        (Bytes, 1_000.0, "1.00 kB"),
        (Bytes, 999_999.0, "1.00 MB"),
        (Bytes, 999_400.0, "999 kB"),
        (Count, 0.001, "≈0"),
        (Nanoseconds, 999.7, "1.00 µs"),
        (Bytes, 50_008.0, "50.0 kB"),
        (Bytes, 6_220_800.0, "6.22 MB"),
        (Bytes, 1.5e9, "1.50 GB"),
        (Bytes, -2_048.0, "-2.05 kB"),
        (Nanoseconds, 512.0, "512 ns"),
        (Nanoseconds, 1_820.0, "1.82 µs"),
        (Nanoseconds, 60_000_000.0, "60.0 ms"),
        (Nanoseconds, 2.5e9, "2.50 s"),
    ] {
        assert_eq!(Quantity { value, unit }.to_string(), text);
    }
}

#[test]
fn quantities_fill_a_column() {
    let quantity = Quantity {
        value: 24.0,
        unit: Unit::Bytes,
    };
    assert_eq!(
        format!("{quantity:>8}|{quantity:<8}|"),
        "    24 B|24 B    |"
    );
}

#[test]
fn values_that_are_no_numbers_are_shown_as_such() {
    for (value, text) in [
        (f64::NAN, "NaN B"),
        (f64::INFINITY, "inf GB"),
        (f64::NEG_INFINITY, "-inf GB"),
    ] {
        let quantity = Quantity {
            value,
            unit: Unit::Bytes,
        };
        assert_eq!(quantity.to_string(), text);
    }
}

#[test]
fn whole_numbers_are_grouped_by_three() {
    for (value, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1 000"),
        (50_008, "50 008"),
        (6_220_800, "6 220 800"),
        (u64::MAX, "18 446 744 073 709 551 615"),
    ] {
        assert_eq!(grouped(value).replace('\u{202f}', " "), text);
    }
}

#[test]
fn changes_are_percent_and_then_factors() {
    for (base, head, text) in [
        (5.0, 5.0, "="),
        (0.0, 0.0, "="),
        (0.0, 7.0, "new"),
        (7.0, 0.0, "-100.0 %"),
        (100.0, 112.3, "+12.3 %"),
        (100.0, 50.0, "-50.0 %"),
        (100_000.0, 100_050.0, "+0.050 %"),
        (100.0, 399.0, "+299.0 %"),
        (100.0, 410.0, "×4.1"),
        (1.0, 250.0, "×250"),
    ] {
        assert_eq!(change(base, head), text, "{base} to {head}");
    }
}
