//! Steps of values that repeat exactly.

use perfkit_model::history::Point;

/// Leaves out values that came once and were gone again: no step begins with them, and none ends there.
pub(super) fn drop_lone(points: &mut Vec<Point>) {
    let is_lone: Vec<bool> = (0..points.len())
        .map(|index| {
            let value = points[index].value;
            let before = index.checked_sub(1).map(|before| points[before].value);
            let after = points.get(index + 1).map(|after| after.value);
            before != Some(value) && after != Some(value)
        })
        .collect();
    let mut is_lone = is_lone.into_iter();
    points.retain(|_| !is_lone.next().unwrap_or(false));
}

/// Indices of the points that begin a new value.
pub(super) fn steps(points: &[Point]) -> Vec<usize> {
    (1..points.len())
        .filter(|index| points[*index].value != points[index - 1].value)
        .collect()
}
