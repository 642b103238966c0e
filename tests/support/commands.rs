//! The commands that the program has, as its help lists them: a new one is in every test of all of them.

use super::Work;

/// The words of each command, such as `key list`.
pub fn commands(work: &Work<'_>) -> Vec<String> {
    let all = below(work, &[]);
    assert!(all.len() > 20, "{all:?}");
    all
}

fn below(work: &Work<'_>, above: &[&str]) -> Vec<String> {
    let help = work.run([above, &["--help"]].concat()).ok().out();
    let Some((_, listed)) = help.split_once("\nCommands:\n") else {
        return vec![above.join(" ")];
    };
    let lines = listed.lines().take_while(|line| !line.is_empty());
    // What a description goes on with is further in.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names
        .flat_map(|name| below(work, &[above, &[name]].concat()))
        .collect()
}
