//! Checks a batch of statements.

use perfkit::{Bench, Case, Units};
use renamed_functions::{Report, check_all};
use std::sync::Arc;

perfkit::main!(renamed_functions);

const STATEMENTS: usize = 8_000;
const DIGEST: u64 = 0xf94c_0b5e_6f4f_c115;

fn renamed_functions(bench: &mut Bench) {
    bench
        .workload("renamed-functions")
        .set_up(async |_: &Case| statements())
        .units(|_| Units::items(STATEMENTS as u64))
        .iterate(async |statements: &mut Arc<[String]>| check_all(Arc::clone(statements)).await)
        .check(|_, report: &Report| {
            if report.accepted + report.refused == STATEMENTS as u64 && report.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {report:x?}"))
            }
        });
}

fn statements() -> Arc<[String]> {
    let mut dice = Dice(3);
    let mut statement = |_| {
        let (column, low, high) = (dice.roll(40), dice.roll(1_000), dice.roll(1_000_000));
        match dice.roll(5) {
            0 => format!(
                "SELECT name, Price_{column} FROM Orders WHERE (id >= {low}) AND (id < {high})"
            ),
            1 => format!(
                "select count(*) from visits where page = '/shop/{low}' or (age > {column} and (score < {high}))"
            ),
            2 => format!(
                "UPDATE stock SET left_{column} = left_{column} - 1 WHERE item = 'item {low}'"
            ),
            3 => format!("DELETE FROM sessions WHERE ((token = '{high:x}') OR (idle > {low}))"),
            _ => format!("SELECT * FROM broken WHERE (name = 'it {low} AND (id = {high}"),
        }
    };
    (0..STATEMENTS).map(&mut statement).collect()
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}
