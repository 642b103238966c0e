//! docs/ is a book, and reads as well on its own: every page is in its contents, and every link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::pages::{Page, pages, root};

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for page in pages() {
        for target in page.links() {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => page.path.clone(),
                file => page.path.parent().unwrap().join(file),
            };
            assert!(path.is_file(), "{}: {target}", page.name());
            if !anchor.is_empty() {
                let found = anchors(&Page::read(path));
                assert!(
                    found.contains(anchor),
                    "{}: {target} in {found:?}",
                    page.name()
                );
            }
            count += 1;
        }
    }
    assert!(count > 60, "only {count} links were found");
}

/// The anchors of a page's headings, as forges and mdBook make them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let prose = page.prose();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let title = title.replace(' ', "-");
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || *c == '-')
                .collect()
        })
        .collect()
}

/// The pages of the book, by their paths in docs/.
fn contents() -> Vec<String> {
    let links = Page::named("docs/SUMMARY.md").links();
    links.into_iter().filter(|link| !link.is_empty()).collect()
}

#[test]
fn the_contents_name_each_page_once() {
    let docs = root().join("docs");
    let there: BTreeSet<String> = pages()
        .iter()
        .filter_map(|page| page.path.strip_prefix(&docs).ok())
        .map(|path| path.display().to_string())
        .filter(|name| name != "SUMMARY.md")
        .collect();
    let named = contents();
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), there);
    assert_eq!(named.len(), there.len(), "one is named twice: {named:?}");
}

#[test]
fn every_page_says_first_whom_it_is_for() {
    for name in contents() {
        let page = Page::named(&format!("docs/{name}"));
        let first = page.text.lines().skip(1).find(|line| !line.is_empty());
        let first = first.unwrap_or_default();
        assert!(
            name == "README.md" || first.starts_with("For "),
            "{name}: {first}"
        );
    }
}

/// A fact that is on two pages, or that the help tells, has made it longer before.
#[test]
fn the_book_stays_short() {
    let words = |page: &Page| {
        let prose = page.prose();
        let lines = prose.lines().filter(|line| !line.starts_with(['|', '<']));
        let words = lines.flat_map(str::split_whitespace);
        let words = words.filter(|word| word.contains(char::is_alphanumeric));
        words.count()
    };
    let book = contents().into_iter().map(|name| format!("docs/{name}"));
    let pages = book.chain(["README.md".to_owned()]);
    let mut counts: Vec<_> = pages
        .map(|name| (words(&Page::named(&name)), name))
        .collect();
    let all: usize = counts.iter().map(|(count, _)| count).sum();
    counts.sort();
    println!("{all} words: {counts:?}");
    assert!((10_000..16_000).contains(&all), "{all} words: {counts:?}");
}

#[test]
fn every_page_is_two_links_from_the_readme() {
    let mut reached = BTreeSet::from([root().join("README.md")]);
    for _ in 0..2 {
        for path in reached
            .clone()
            .into_iter()
            .filter(|it| it.extension().is_some_and(|it| it == "md"))
        {
            for link in Page::read(path.clone()).links() {
                let file = link.split('#').next().unwrap_or_default();
                let target = path.parent().unwrap().join(file);
                reached.extend(fs::canonicalize(target).ok().filter(|it| it.is_file()));
            }
        }
    }
    for name in contents() {
        let path = fs::canonicalize(root().join("docs").join(&name)).unwrap();
        assert!(reached.contains(&path), "{name} is farther away");
    }
}

#[test]
fn the_book_needs_nothing_outside_of_docs() {
    for name in contents() {
        let page = Page::named(&format!("docs/{name}"));
        for link in page.links() {
            let inside =
                link.starts_with("https://") || link.matches("../").count() <= depth(&name);
            assert!(inside, "docs/{name}: {link} is not in the book");
        }
    }
}

/// How many folders a page of the book is below docs/.
fn depth(name: &str) -> usize {
    name.matches('/').count()
}

#[test]
fn the_recording_is_one_of_the_demo() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let cast = read("docs/demo.cast");
    let mut lines = cast
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let head = lines.next().unwrap();
    assert_eq!((&head["version"], &head["width"]), (&json!(2), &json!(80)));
    let shown: String = lines
        .map(|event| event[2].as_str().unwrap().to_owned())
        .collect();
    // Each step of the demo is one line with a prompt.
    let demo = read("softhsm/demo.sh");
    let steps = demo
        .lines()
        .filter(|line| line.starts_with("run \"") || line.starts_with("prints \""));
    assert_eq!(shown.matches("$ ").count(), steps.count());
    assert!(shown.trim_end().ends_with("# All is well."));
    // What it showed before it was recorded last.
    assert!(shown.contains("fits      "), "{shown}");
    for (name, text) in [("demo.cast", &cast), ("demo.svg", &read("docs/demo.svg"))] {
        assert!(text.len() < 200_000, "{name}: {}", text.len());
        assert!(
            !text.contains("/home/") && !text.contains("/root"),
            "{name}"
        );
    }
}

#[test]
fn every_page_has_one_title() {
    for page in pages() {
        let prose = page.prose();
        let titles = prose.lines().filter(|line| line.starts_with("# "));
        assert_eq!(titles.count(), 1, "{}", page.name());
    }
}

#[test]
fn mdbook_builds_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut mdbook = Command::new("mdbook");
    mdbook.arg("build").arg(root()).arg("--dest-dir");
    let Ok(output) = mdbook.arg(folder.path()).output() else {
        println!("skipped: mdbook is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("WARN"), "{said}");
    for name in contents() {
        let page = name
            .replace("README.md", "index.md")
            .replace(".md", ".html");
        let html = fs::read_to_string(folder.path().join(page));
        assert!(html.is_ok_and(|html| html.contains("<main>")), "{name}");
    }
}
