//! What can be shown by `{:?}` shows no secret: `Zeroizing` wipes what it holds, and shows it.

use std::fs;

use crate::support::files_in;
use crate::support::pages::root;

/// The items of a source file that derive `Debug`: from the attribute to the end of the item.
fn shown(source: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        let derives = start.starts_with("#[derive(") && start.contains("Debug");
        if !derives {
            continue;
        }
        let indent = &line[..line.len() - start.len()];
        let mut item = line.to_owned();
        for line in lines.by_ref() {
            item.push('\n');
            item.push_str(line);
            let rest = line.strip_prefix(indent).unwrap_or_default();
            if rest == "}"
                || (rest.starts_with("pub") || rest.starts_with("struct")) && rest.ends_with(';')
            {
                break;
            }
        }
        items.push(item);
    }
    items
}

#[test]
fn what_is_wiped_is_in_no_type_whose_debug_form_is_derived() {
    let mut seen = 0;
    for path in files_in(&root().join("src"), "rs") {
        for item in shown(&fs::read_to_string(&path).unwrap()) {
            seen += 1;
            assert!(!item.contains("Zeroizing<"), "{}: {item}", path.display());
        }
    }
    assert!(seen > 150, "the types were found: {seen}");
}

#[test]
fn an_item_is_found_with_all_of_its_fields() {
    let source = "#[derive(Clone, Debug)]\nstruct A {\n    a: Zeroizing<u8>,\n}\n\n#[derive(Debug)]\npub struct B(Zeroizing<u8>);\nstruct C(Zeroizing<u8>);\n";
    let items = shown(source);
    assert_eq!(items.len(), 2);
    assert!(
        items
            .iter()
            .all(|it| it.contains("Zeroizing<") && !it.contains("struct C")),
        "{items:?}"
    );
}
