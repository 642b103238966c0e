//! What to do about tokens, PINs and the keys on a token.

use super::reading::unreadable;
use crate::cli::ui::command_line::CommandLine;
use crate::token::{MissingPin, PinError, Remedy, TokenError, Uri};

/// The hint where a token makes no key that is of use.
const ADOPT: &str = "With the vendor's tool (`ykman`, `gpg`, `pkcs11-tool` or another), make an RSA key of 2048 to 4096 bits for decryption. Then adopt it with `iexec-hsm key adopt`.";

/// The hint where a token has not got the curve.
const OTHER_WALLET: &str = "Use a token that has the curve (SoftHSM2 has; YubiHSM 2 and Nitrokey HSM 2 have by their documentation), or keep the wallet in a keystore file (--wallet-file) or in IEXEC_HSM_WALLET_KEY.";

/// The hint where a token may say by mistake that it needs no login.
pub(crate) const IF_NEEDED: &str = "No PIN is sent to a token that reports that it needs no login. If it needs one, give it with --pin-file or IEXEC_HSM_PIN_FILE (an empty file is an empty PIN).";

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
            "Run it in another folder. If the file is yours, name it by its full path, in the variable or with --module-args."
        }
        TokenError::NoToken { .. } => {
            "Plug the token in, or name another one with --token; `iexec-hsm token list` shows those of the module that is named, or of all modules that are found."
        }
        TokenError::TokenAmbiguous(_) => {
            "Name one of them with --token: its label, or its URI where two have the same label."
        }
        TokenError::NotReady { .. } => {
            "`iexec-hsm token init --token-label <label>` sets up an empty token."
        }
        TokenError::PinNotReady { reason, .. } if *reason == "none is set" => {
            "If the token has one, give it with --pin-file or IEXEC_HSM_PIN_FILE; otherwise set it with the vendor's tool."
        }
        TokenError::PinNotReady { .. } => "Set or change it with the vendor's tool.",
        TokenError::Device { pin_sent: true, .. } => {
            "Check that the token is plugged in and its service runs. It is not known whether a PIN attempt was spent: check with `iexec-hsm token info`."
        }
        TokenError::Device { .. } => {
            "Check that the token is plugged in and its service runs, then try again; no PIN attempt was spent."
        }
        TokenError::SessionsTaken { .. } => {
            "Idle sessions end by themselves (a YubiHSM 2 ends them after 30 s). Wait longer with --device-timeout or IEXEC_HSM_DEVICE_TIMEOUT, or end a program that holds some. No PIN attempt was spent."
        }
        TokenError::NoAuthenticationKey(_) => {
            "On a YubiHSM, the PIN is the id of the authentication key (4 hexadecimal digits) and then its password. Check the id, and which keys exist. No PIN attempt was spent."
        }
        TokenError::PinWrong { .. } => {
            "Check the PIN and where it comes from before the next attempt: tokens block it after a few wrong ones."
        }
        TokenError::SoPinWrong { set_up: true, .. } => {
            "The token already has an SO PIN, and needs that one. Check where the PIN comes from."
        }
        TokenError::SoPinWrong { set_up: false, .. } => {
            "Choose another one. The token's documentation says which lengths and characters it accepts, or which SO PIN it comes with."
        }
        TokenError::SoPinBlocked(_) => "Try the vendor's tool; some tokens cannot be unblocked.",
        TokenError::PinBlocked(_) => "Unblock it with the SO PIN or PUK, using the vendor's tool.",
        TokenError::FinalTry(_) => {
            "If you are sure of the PIN, allow the attempt with --final-pin-try. If it is wrong, the token blocks the PIN."
        }
        TokenError::Pin(error) => pin(error),
        TokenError::NoKey {
            recorded: Some(_), ..
        } => {
            "The device may have been replaced, reset or restored without it, or this login may not be allowed to see it: check with `iexec-hsm doctor --login`. No other key opens what was sealed for it."
        }
        TokenError::KeysGone(_) => {
            "The token may have been reset or replaced, its storage moved, or the login may have ended: check with `iexec-hsm doctor --login`."
        }
        TokenError::NoKey { present, .. } if !present.is_empty() => {
            "Name one of these by its id, label or URI; `iexec-hsm key list` says more about them."
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
        TokenError::KeyAmbiguous(_) => "Name one of them with --key: its id or its URI.",
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
            MissingPin::New => {
                "Run it in a terminal, or name a file that holds the new PIN with --new-pin-file."
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
        Remedy::Documentation => "See the token's documentation.",
        Remedy::Writable => "Remove the protection, or use another token.",
        Remedy::LogIn => return format!("Log in to the token that holds it. {IF_NEEDED}"),
        Remedy::Capability(name) => {
            return format!(
                "On a YubiHSM, the authentication key and the result key need the capability {name}. Other devices have their own policies."
            );
        }
        Remedy::TokenThatKeepsKeys => "The token does not keep keys; use another one.",
        Remedy::OtherToken => "This token cannot keep a result key; use another one.",
        Remedy::MakeAsUser => "Leave --so-login out.",
        Remedy::MakeAsSo => {
            return format!(
                "If the SO is allowed to, make the key with `iexec-hsm result generate-encryption-keypair --so-login`. {ADOPT}"
            );
        }
        Remedy::AdoptKey => ADOPT,
        Remedy::MakeKey => {
            "Some tokens do not import keys. Make a new key with `iexec-hsm result generate-encryption-keypair`."
        }
        Remedy::OtherSize => "Choose another size with --bits, or leave it out.",
        Remedy::OtherId => "Choose another one with --id, or leave --id out.",
        Remedy::DecryptKey => "Use a key that may decrypt (CKA_DECRYPT), or another token.",
        Remedy::DecryptKeyMade => {
            "Use a key that may decrypt (CKA_DECRYPT), or a token that makes one."
        }
        Remedy::RsaPkcs => {
            "iExec encrypts with it. Some tokens have a setting or policy that allows it (FIPS mode often forbids it); otherwise use another token. `iexec-hsm token info` lists the mechanisms."
        }
        Remedy::RsaPkcsOaep => {
            "Only archives in the guide-2019 format need that. Import the key to a token that has it."
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
            return format!("Once the cause is fixed, run `{again}` with the same SO PIN.");
        }
        Remedy::AdoptOrDelete(uri) => {
            let adopt = CommandLine::ours("key adopt").operand(uri);
            return format!(
                "Adopt it with `{adopt}`, or delete it with `{}`.",
                delete(uri)
            );
        }
        Remedy::Delete(uri) => {
            return format!(
                "Delete it with `{}`, or with the vendor's tool.",
                delete(uri)
            );
        }
        Remedy::DeleteWallet(uri) => return format!("Delete {uri} with the vendor's tool."),
    };
    hint.into()
}

fn delete(uri: &str) -> CommandLine {
    CommandLine::ours("key delete").operand(uri)
}

#[cfg(test)]
mod tests;
