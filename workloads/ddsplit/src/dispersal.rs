//! Information dispersal (M. O. Rabin, "Efficient dispersal of information", Journal of the ACM, 1989): any
//! `threshold` of a record's fragments give the record back, and each is only `1 / threshold` as long.
//!
//! The record is read as `threshold` stripes, the coefficients of one polynomial over GF(2⁸) per column.
//! Fragment `i` is that polynomial at `x = i + 1`. Joining solves the linear system of the fragments at hand.

/// Splits `payload` into `count` fragments of `payload.len() / threshold` bytes, rounded up.
///
/// `threshold` is at least 1 and `count` at most 255.
pub fn disperse(payload: &[u8], count: u16, threshold: u16) -> Vec<Vec<u8>> {
    let width = payload.len().div_ceil(usize::from(threshold.max(1)));
    (0..count)
        .map(|index| {
            let mut fragment = vec![0; width];
            let mut factor = 1;
            for stripe in payload.chunks(width.max(1)) {
                add_multiple(&mut fragment, stripe, factor);
                factor = multiply(factor, point(index));
            }
            fragment
        })
        .collect()
}

/// Joins the fragments of one record, given with their indices, into its first `length` bytes.
///
/// Returns nothing when two indices are equal or the fragments are too short for the length.
pub fn join(fragments: &[(u16, &[u8])], length: usize) -> Option<Vec<u8>> {
    let width = length.div_ceil(fragments.len().max(1));
    let inverse = invert(
        fragments
            .iter()
            .map(|(index, _)| powers(*index, fragments.len()))
            .collect(),
    )?;
    let mut payload = vec![0; length];
    for (stripe, factors) in payload.chunks_mut(width.max(1)).zip(&inverse) {
        for ((_, fragment), factor) in fragments.iter().zip(factors) {
            add_multiple(stripe, fragment.get(..stripe.len())?, *factor);
        }
    }
    Some(payload)
}

/// Adds `factor` times `source` to `sum`, over the shorter of the two.
fn add_multiple(sum: &mut [u8], source: &[u8], factor: u8) {
    for (sum, byte) in sum.iter_mut().zip(source) {
        *sum ^= multiply(*byte, factor);
    }
}

fn point(index: u16) -> u8 {
    (index + 1) as u8
}

fn powers(index: u16, count: usize) -> Vec<u8> {
    std::iter::successors(Some(1), |power| Some(multiply(*power, point(index))))
        .take(count)
        .collect()
}

/// Gauss-Jordan elimination. A matrix of distinct points always has an inverse.
fn invert(mut rows: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let order = rows.len();
    for (number, row) in rows.iter_mut().enumerate() {
        row.extend((0..order).map(|column| u8::from(column == number)));
    }
    for column in 0..order {
        let pivot = (column..order).find(|row| rows[*row][column] != 0)?;
        rows.swap(column, pivot);
        let scale = reciprocal(rows[column][column]);
        rows[column]
            .iter_mut()
            .for_each(|value| *value = multiply(*value, scale));
        let pivot = rows[column].clone();
        for (number, row) in rows.iter_mut().enumerate() {
            if number != column {
                let factor = row[column];
                add_multiple(row, &pivot, factor);
            }
        }
    }
    Some(
        rows.into_iter()
            .map(|mut row| row.split_off(order))
            .collect(),
    )
}

/// Powers of the generator 3 of GF(2⁸) with Rijndael's polynomial, twice over so that sums of two logarithms
/// need no reduction, and the logarithms of all elements but 0.
const TABLES: ([u8; 510], [u8; 256]) = {
    let mut powers = [0; 510];
    let mut logarithms = [0; 256];
    let mut value = 1_u8;
    let mut exponent = 0;
    while exponent < 255 {
        powers[exponent] = value;
        powers[exponent + 255] = value;
        logarithms[value as usize] = exponent as u8;
        value ^= (value << 1) ^ if value & 0x80 == 0 { 0 } else { 0x1b };
        exponent += 1;
    }
    (powers, logarithms)
};

static POWERS: [u8; 510] = TABLES.0;
static LOGARITHMS: [u8; 256] = TABLES.1;

fn multiply(left: u8, right: u8) -> u8 {
    if left == 0 || right == 0 {
        return 0;
    }
    POWERS[usize::from(LOGARITHMS[usize::from(left)]) + usize::from(LOGARITHMS[usize::from(right)])]
}

fn reciprocal(value: u8) -> u8 {
    POWERS[255 - usize::from(LOGARITHMS[usize::from(value)])]
}
