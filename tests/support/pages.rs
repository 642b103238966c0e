//! The pages of the documentation: README and its neighbours, and docs/, which is also a book.

use std::fs;
use std::path::{Path, PathBuf};

use super::files_in;

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the documentation.
pub struct Page {
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block.
pub struct Block {
    /// What stands behind the opening fence.
    pub language: String,
    pub text: String,
    /// The HTML comments right before it, without their signs.
    pub comments: Vec<String>,
    /// The line of the opening fence.
    pub line: usize,
}

impl Page {
    pub fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    pub fn named(name: &str) -> Self {
        Self::read(root().join(name))
    }

    pub fn name(&self) -> String {
        let name = self.path.strip_prefix(root()).unwrap();
        name.display().to_string()
    }

    /// All fenced blocks.
    pub fn all_blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut comments = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if let Some(start) = line.strip_prefix("<!--") {
                let mut comment = start.to_owned();
                while !comment.contains("-->") {
                    let next = lines.next().expect("a comment is not closed").1;
                    comment.push('\n');
                    comment.push_str(next);
                }
                comments.push(comment.replace("-->", "").trim().to_owned());
            } else if let Some(language) = line.strip_prefix("```") {
                let body = lines.by_ref().map(|it| it.1);
                let text: Vec<_> = body.take_while(|line| !line.starts_with("```")).collect();
                blocks.push(Block {
                    language: language.to_owned(),
                    text: text.join("\n") + "\n",
                    comments: std::mem::take(&mut comments),
                    line: number + 1,
                });
            } else if !line.is_empty() {
                comments.clear();
            }
        }
        let fences = self.text.lines().filter(|line| line.starts_with("```"));
        assert_eq!(
            fences.count(),
            2 * blocks.len(),
            "{}: a block is not closed",
            self.name()
        );
        blocks
    }

    /// The fenced blocks in one of `languages`.
    pub fn blocks(&self, languages: &[&str]) -> Vec<String> {
        let blocks = self.all_blocks().into_iter();
        let wanted = blocks.filter(|block| languages.contains(&&*block.language));
        wanted.map(|block| block.text).collect()
    }

    /// The text outside fenced blocks.
    pub fn prose(&self) -> String {
        let parts = self.text.split("\n```");
        parts.step_by(2).collect::<Vec<_>>().join("\n")
    }

    /// What stands between backticks in the prose.
    pub fn code(&self) -> Vec<String> {
        let prose = self.prose();
        let parts = prose.split('`').skip(1).step_by(2);
        parts.map(|it| it.replace('\n', " ")).collect()
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let targets = prose.split("](").skip(1);
        targets
            .map(|rest| rest.split(')').next().unwrap().to_owned())
            .collect()
    }
}

/// Every page: those in the folder of the project, and all in docs/.
pub fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ]
    .map(|name| root().join(name))
    .into();
    paths.extend(files_in(&root().join("docs"), "md"));
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}
