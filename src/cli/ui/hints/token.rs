//! What to do about tokens, PINs and the keys on a token.

use super::reading::unreadable;
use crate::cli::ui::command_line::CommandLine;
use crate::token::{MissingPin, PinError, Remedy, TokenError, Uri};

/// The hint where a token makes no key that is of use.
const ADOPT: &str = "Make an RSA key of 2048 to 4096 bits that may decrypt with the tool of the token's vendor (docs/devices/ names it for some devices), then take it over with `iexec-hsm key adopt`.";

/// The hint where a token has not got the curve.
const OTHER_WALLET: &str = "Use a token that has the curve (SoftHSM2 has; YubiHSM 2 and Nitrokey HSM 2 have by their documentation), or keep the wallet in a keystore file (--wallet-file) or in IEXEC_HSM_WALLET_KEY.";

/// The hint where a token may say by mistake that it needs no login.
pub(crate) const IF_NEEDED: &str = "A token that says that it needs no login is not sent a PIN: if it needs one all the same, give it with --pin-file or IEXEC_HSM_PIN_FILE (an empty file is an empty PIN).";

/// The hint where the agent would need the PIN again.
pub(super) const KEEP_PIN: &str =
    "Start the agent with --keep-pin, or do it without the agent (--no-agent).";

pub(crate) fn token(error: &TokenError) -> String {
    let hint = match error {
        TokenError::NoModule(_) => {
            "Install the token's PKCS#11 module (SoftHSM: package softhsm2, smartcards: opensc), or name it with --module or IEXEC_HSM_MODULE."
        }
        TokenError::Module { .. } => {
            "Check the path given with --module, IEXEC_HSM_MODULE or the configuration file, and what --module-args says to it."
        }
        TokenError::ForeignSettings { .. } => {
            "Run it in another folder. A file of your own is named by its full path, as the page of the device says."
        }
        TokenError::NoToken { .. } => {
            "Plug the token in, or name another one with --token; `iexec-hsm token list` shows those of the module that is named, or of all modules that are found."
        }
        TokenError::TokenAmbiguous(_) => "Name one of them with --token.",
        TokenError::NotReady { .. } => {
            "`iexec-hsm token init --token-label <label>` sets up an empty token."
        }
        TokenError::PinNotReady { reason, .. } if *reason == "none is set" => {
            "If the token has one all the same, give it with --pin-file or IEXEC_HSM_PIN_FILE; else set it with the vendor's tool."
        }
        TokenError::PinNotReady { .. } => "Set or change it with the vendor's tool.",
        TokenError::Device { pin_sent: true, .. } => {
            "Check that the token is plugged in and its service runs. Whether a PIN attempt was spent is not known: `iexec-hsm token info` shows what the token says of it."
        }
        TokenError::Device { .. } => {
            "Check that the token is plugged in and its service runs, then try again; no PIN attempt was spent."
        }
        TokenError::SessionsTaken { .. } => {
            "Idle ones end by themselves (a YubiHSM 2 ends them after 30 s): wait longer with --device-timeout or IEXEC_HSM_DEVICE_TIMEOUT, or end a program that holds some. No PIN attempt was spent."
        }
        TokenError::NoAuthenticationKey(_) => {
            "On a YubiHSM a PIN begins with the 4 hexadecimal digits of its authentication key's id, and the password follows: check them, and which keys are there. No PIN attempt was spent."
        }
        TokenError::PinWrong { .. } => {
            "Check the PIN and where it comes from before the next attempt: tokens block it after a few wrong ones."
        }
        TokenError::SoPinWrong { set_up: true, .. } => {
            "It wants the SO PIN that it has; check where the PIN comes from."
        }
        TokenError::SoPinWrong { set_up: false, .. } => {
            "Choose another one: the token's documentation says which lengths and characters it takes, or which one it comes with."
        }
        TokenError::SoPinBlocked(_) => "Only the vendor's tool can help, if anything.",
        TokenError::PinBlocked(_) => "Unblock it with the SO PIN or PUK, by the vendor's tool.",
        TokenError::FinalTry(_) => {
            "If you are sure of the PIN, allow it with --final-pin-try; if it is wrong, the token blocks it."
        }
        TokenError::Pin(error) => pin(error),
        TokenError::NoKey {
            recorded: Some(_), ..
        } => {
            "A device that was exchanged, reset or restored has not got it, and a login without a right to it does not see it: `iexec-hsm doctor --login` looks. No other key opens what was sealed for it."
        }
        TokenError::KeysGone(_) => {
            "It was reset or exchanged, its store was moved away, or the login has ended: `iexec-hsm doctor --login` looks."
        }
        TokenError::NoKey {
            login_required: false,
            ..
        } => {
            return format!(
                "`iexec-hsm key list` shows the keys; `iexec-hsm result generate-encryption-keypair` makes one. {IF_NEEDED}"
            );
        }
        TokenError::NoKey { .. } => {
            "`iexec-hsm key list` shows the keys; `iexec-hsm result generate-encryption-keypair` makes one."
        }
        TokenError::KeyAmbiguous(_) => "Name one of them with --key.",
        TokenError::NotSupported { remedy: way, .. }
        | TokenError::Unfinished {
            remedy: Some(way), ..
        } => return remedy(way),
        TokenError::Unfinished {
            remedy: None,
            cause,
            ..
        } => return token(cause),
    };
    hint.into()
}

fn pin(error: &PinError) -> &'static str {
    match error {
        PinError::NobodyToAsk { missing, .. } => match missing {
            MissingPin::User => {
                "Run it in a terminal, or set --pin-file or IEXEC_HSM_PIN_FILE to a file that holds it, or IEXEC_HSM_PIN to the PIN."
            }
            MissingPin::So => {
                "Run it in a terminal, or set --so-pin-file to a file that holds it, or IEXEC_HSM_SO_PIN to the PIN."
            }
            MissingPin::OtherToken => {
                "Run it in a terminal, or add ?pin-source=file:/path to the URI that names the wallet."
            }
            MissingPin::Wiped => "Run it again.",
            MissingPin::NotKept => KEEP_PIN,
            MissingPin::NotSent => "Run `iexec-hsm agent unlock`.",
        },
        PinError::File { source, .. } => unreadable(
            source,
            "Check --pin-file, IEXEC_HSM_PIN_FILE or the configuration file.",
        ),
        PinError::Length { .. } => "No attempt was spent; check where the PIN comes from.",
        PinError::Empty(_) => "Put the PIN into it, or leave it out.",
        PinError::NeededAllTheSame(_) => {
            "Give its PIN with --pin-file or IEXEC_HSM_PIN_FILE; the file is empty where the PIN is."
        }
        PinError::NotGiven(_) => "Run the command again.",
    }
}

fn remedy(remedy: &Remedy) -> String {
    let hint = match remedy {
        Remedy::Documentation => "See what the token's documentation says of it.",
        Remedy::Writable => "Remove the protection, or use another token.",
        Remedy::LogIn => return format!("Log in to the token that holds it. {IF_NEEDED}"),
        Remedy::Capability(name) => {
            return format!(
                "A YubiHSM's authentication key needs the capability {name}, and a key that is used needs it too; other devices have a policy of their own."
            );
        }
        Remedy::TokenThatKeepsKeys => "The token does not keep keys; use another one.",
        Remedy::OtherToken => "This token cannot keep a result key; use another one.",
        Remedy::MakeAsUser => "Leave --so-login out.",
        Remedy::MakeAsSo => {
            return format!(
                "If its SO may, make it with `iexec-hsm result generate-encryption-keypair --so-login`. {ADOPT}"
            );
        }
        Remedy::AdoptKey => ADOPT,
        Remedy::MakeKey => {
            "Tokens may refuse keys from outside; make a new key with `iexec-hsm result generate-encryption-keypair`."
        }
        Remedy::OtherSize => "Choose another size with --bits, or leave it out.",
        Remedy::OtherId => "Choose another one with --id, or leave --id out.",
        Remedy::DecryptKey => "Use a key that may decrypt (CKA_DECRYPT), or another token.",
        Remedy::DecryptKeyMade => {
            "Use a key that may decrypt (CKA_DECRYPT), or a token that makes one."
        }
        Remedy::RsaPkcs => {
            "iExec encrypts with it. Some tokens allow it by a setting or a policy of their own (FIPS mode often denies it); else use another token. `iexec-hsm token info` lists the mechanisms."
        }
        Remedy::RsaPkcsOaep => {
            "Only archives of 2019 need that; those of today open all the same. Import the key to a token that has it."
        }
        Remedy::Ecdsa => {
            "Use a key and a token that allow it; `iexec-hsm token info` lists the mechanisms."
        }
        Remedy::OtherWallet => OTHER_WALLET,
        Remedy::InitialiseAgain(label) => {
            let again = CommandLine::ours("token init")
                .option("--token-label", label)
                .option("--token", Uri::for_label(label).to_string())
                .flag("--force");
            return format!("Once the cause is mended, run `{again}`, with the same SO PIN.");
        }
        Remedy::AdoptOrDelete(uri) => {
            let adopt = CommandLine::ours("key adopt").operand(uri);
            return format!(
                "Take it over with `{adopt}`, or remove it with `{}`.",
                delete(uri)
            );
        }
        Remedy::Delete(uri) => {
            return format!(
                "Remove it with `{}`, or with the vendor's tool.",
                delete(uri)
            );
        }
        Remedy::DeleteWallet(uri) => return format!("Remove {uri} with the vendor's tool."),
    };
    hint.into()
}

fn delete(uri: &str) -> CommandLine {
    CommandLine::ours("key delete").operand(uri)
}

#[cfg(test)]
mod tests;
