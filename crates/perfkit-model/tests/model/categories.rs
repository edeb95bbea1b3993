//! Categories travel as words.

use std::collections::BTreeSet;

use perfkit_model::category::Category;

#[test]
fn every_category_survives_its_word() {
    let dependencies =
        ["tokio", "serde_json", "apple"].map(|krate| Category::Dependency(krate.to_owned()));
    for category in Category::FIXED.into_iter().chain(dependencies) {
        let word = serde_json::to_value(&category).unwrap();
        assert_eq!(word, category.as_str());
        assert_eq!(serde_json::from_value::<Category>(word).unwrap(), category);
        assert_eq!(category.to_string(), category.as_str());
    }
}

#[test]
fn no_two_categories_share_a_word() {
    let words: BTreeSet<String> = Category::FIXED.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), Category::FIXED.len());
}
