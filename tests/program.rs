//! Tests that start the program, in folders by subject. One crate for all of them: built in a fraction of the time that
//! one for each would take.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agent {
    mod audit_log;
    mod awaiting;
    mod bad_ciphertexts;
    mod beside;
    mod clock;
    mod confinement;
    mod confirm;
    mod confirm_programs;
    mod decrypt;
    mod device_failures;
    mod docs;
    mod foreign_sockets;
    mod health;
    mod limits;
    mod locked_by_hand;
    mod pid_namespaces;
    mod pins;
    mod recovery;
    mod start_lock_end;
    mod upgrade;
    mod workers;
}
mod chain {
    mod account;
    mod claims;
    mod deal_show;
    mod download;
    mod environment;
    mod guide;
    mod hostile_orders;
    mod kept_connections;
    mod nodes;
    mod order_books;
    mod orders;
    mod progress;
    pub mod pull;
    mod rehearsals;
    mod result_verify;
    mod run;
    mod run_killed;
    mod run_pins;
    mod sdk_download;
    mod sdk_match;
    mod task_list;
    mod task_show;
    mod verified_downloads;
    mod verified_in_passing;
    mod verified_pulls;
    mod watch;
}
mod decrypt {
    mod bad_archives;
    mod bad_ciphertexts;
    mod bad_paths;
    mod begun_again;
    mod clock;
    mod durability;
    mod extract;
    mod failing_disk;
    mod full_disk;
    mod given_back;
    mod hostile_archives;
    mod implicit_rejection;
    mod interrupted;
    mod killed;
    mod layouts;
    mod memory;
    mod one_entry;
    mod outputs;
    mod reads_once;
    mod repacked;
    mod sealed_zips;
    mod several_archives;
    mod stdout;
    mod strays;
    mod unwrap_only_keys;
    mod vectors;
}
mod devices {
    mod broken_modules;
    mod failing_tokens;
    mod false_words;
    mod faulty_module;
    mod few_descriptors;
    mod foreign_settings;
    mod half_done;
    mod logins;
    mod matrix;
    mod p11_kit_proxy;
    mod permissions;
    mod real_modules;
    mod recovery;
    mod return_values;
    mod signals;
    mod slow_tokens;
    mod try_script;
}
mod docs {
    mod ci_recipes;
    mod clients;
    mod command_blocks;
    mod json_lines;
    mod links;
    mod messages;
    mod statements;
}
mod interop {
    mod helpers_agree;
    mod openssl;
    mod sdk_publish;
    mod sdk_results;
}
mod keys {
    mod adopt_delete;
    mod attest;
    mod elsewhere;
    mod export_ledger;
    mod filed_for;
    mod generate;
    mod generate_address;
    mod import;
    mod list_show_export;
    mod names;
    mod public_key;
    mod public_key_files;
    mod so_login;
}
mod neighbours {
    mod folders;
    mod inputs;
    mod outputs;
    mod pulls;
    mod tasks;
}
mod pins {
    mod always_authenticate;
    mod attempts;
    mod blocked;
    mod change;
    mod factory;
    mod lengths;
    mod no_login;
    mod pin_pad;
    mod sources;
    mod terminal;
}
mod publish {
    mod check;
    mod project_hosts;
    mod push;
    mod push_failures;
    mod push_keys;
    mod push_services;
    mod push_signed_elsewhere;
    mod push_token_wallets;
    mod push_wallets;
}
mod secrets {
    mod keys;
    mod locked;
    mod pins;
    mod wallets;
}
mod set_up {
    mod config_commands;
    mod config_file;
    mod doctor;
    mod exposed_files;
    mod install;
    mod package;
    mod setup;
    mod units;
}
mod source {
    mod command_lines;
    mod debug_forms;
    mod foreign_names;
    mod module_names;
    mod test_files;
}
mod support;
mod terminal {
    mod escapes;
    mod exit_codes;
    mod help;
    mod hints_followed;
    mod manual;
    mod other_words;
    mod printed_commands;
    mod progress;
    mod sessions;
    mod text_layout;
}
mod tokens {
    mod choosing;
    mod full_disk;
    mod init;
    mod list_info;
    mod looking_on;
    mod module_args;
    mod modules;
    mod softhsm_script;
}
mod wallets {
    mod commands;
    mod files;
}
