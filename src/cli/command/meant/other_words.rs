//! Commands that people try: those of the iExec SDK that are not here, and other words for those that are.

/// Groups of commands that only the SDK has, with all that is in them.
const GROUPS_OF_SDK: [&str; 12] = [
    "category",
    "dataset",
    "ens",
    "iexec",
    "info",
    "order",
    "orderbook",
    "registry",
    "requester",
    "storage",
    "voucher",
    "workerpool",
];

/// Commands that only the SDK has, in groups that are here too.
const OF_SDK: [(&str, &[&str]); 4] = [
    (
        "app",
        &[
            "check-secret",
            "count",
            "deploy",
            "init",
            "publish",
            "push-secret",
            "show",
            "transfer",
            "unpublish",
        ],
    ),
    ("account", &["allowance", "approve", "revoke"]),
    (
        "wallet",
        &[
            "bridge-to-mainchain",
            "bridge-to-sidechain",
            "send-ether",
            "send-RLC",
            "sendETH",
            "sendRLC",
            "sweep",
        ],
    ),
    ("", &["upgrade"]),
];

/// What is said of a command that is known under another name, or of one of the SDK that has a way of its own here: its
/// group, its word, the tip.
const OTHER_WORDS: [(&str, &[&str], &str); 24] = [
    (
        "",
        &["init"],
        "`iexec-hsm setup` sets everything up; `iexec init`, of the iExec SDK, writes chain.json.",
    ),
    ("", &["version"], "Was the option `--version` meant?"),
    (
        "",
        &["tee"],
        "`iexec-hsm result --help` lists the commands for keys and results.",
    ),
    (
        "",
        &["order", "orderbook"],
        "`iexec order` and `iexec orderbook` are commands of the iExec SDK. `iexec-hsm app run` chooses the orders, signs and matches them.",
    ),
    (
        "",
        &["storage"],
        "`iexec storage` is a command of the iExec SDK, for results that go to Dropbox. Results in IPFS need no set-up.",
    ),
    (
        "",
        &["generate", "keygen"],
        "Was `iexec-hsm result generate-encryption-keypair` meant?",
    ),
    (
        "",
        &["push", "publish"],
        "Was `iexec-hsm result push-encryption-key` meant?",
    ),
    (
        "",
        &["check"],
        "Was `iexec-hsm result check-encryption-key` or `iexec-hsm doctor` meant?",
    ),
    (
        "",
        &["import"],
        "Was `iexec-hsm result import-encryption-key <file>` meant?",
    ),
    (
        "",
        &["download"],
        "Was `iexec-hsm task show … --download` meant?",
    ),
    (
        "app",
        &["request-execution"],
        "Was `iexec-hsm app run` meant?",
    ),
    (
        "task",
        &["debug"],
        "`iexec-hsm task show …` says why a task failed, as far as the scheduler tells.",
    ),
    (
        "task",
        &["download", "fetch"],
        "Was `iexec-hsm task show … --download` meant?",
    ),
    (
        "task",
        &["decrypt"],
        "Was `iexec-hsm task show … --download --decrypt` meant?",
    ),
    (
        "result",
        &["download", "fetch"],
        "Was `iexec-hsm task show … --download` meant?",
    ),
    ("result", &["list"], "Was `iexec-hsm task list` meant?"),
    (
        "wallet",
        &["import"],
        "A wallet file of the iExec SDK is used where it is. `iexec-hsm wallet create` makes a wallet on the token.",
    ),
    (
        "wallet",
        &["show"],
        "`iexec-hsm wallet list` shows the wallets, and `iexec-hsm account show` their money.",
    ),
    (
        "wallet",
        &["getETH", "getRLC", "get-ether", "get-ETH", "get-RLC"],
        "A faucet of the chain gives coins for tests. `iexec-hsm account show` shows what is there.",
    ),
    (
        "key",
        &["create", "generate", "new", "make"],
        "Was `iexec-hsm result generate-encryption-keypair` meant?",
    ),
    (
        "key",
        &["import"],
        "Was `iexec-hsm result import-encryption-key <file>` meant?",
    ),
    (
        "key",
        &["push", "publish"],
        "Was `iexec-hsm result push-encryption-key` meant?",
    ),
    (
        "key",
        &["check"],
        "Was `iexec-hsm result check-encryption-key` meant?",
    ),
    (
        "token",
        &["create", "new", "format"],
        "Was `iexec-hsm token init --token-label <label>` meant?",
    ),
];

/// The tip for a word that is no command of `group`.
pub(super) fn other_word(group: &str, word: &str) -> Option<&'static str> {
    let fits = |known: &&(&str, &[&str], &str)| known.0 == group && known.1.contains(&word);
    OTHER_WORDS.iter().find(fits).map(|known| known.2)
}

/// The command, where it is one that only the SDK has.
pub(super) fn of_sdk(group: &str, word: &str) -> Option<String> {
    let in_group = OF_SDK.iter().find(|(known, _)| *known == group);
    let is_one = in_group.is_some_and(|(_, words)| words.contains(&word))
        || (group.is_empty() && GROUPS_OF_SDK.contains(&word));
    is_one.then(|| format!("{group} {word}").trim_start().to_owned())
}
