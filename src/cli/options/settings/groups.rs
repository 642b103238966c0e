//! The settings that commands take as options, in the groups in which they stand in the help.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::SETTINGS;

/// Declares groups of settings as options that stand in the help in this order, some with a line
/// of their own.
macro_rules! groups {
    ($( #[doc = $doc:literal] $name:ident: $( $id:ident $(= $help:literal)? ),+; )*) => {
        $(
            #[doc = $doc]
            ///
            /// The values are in the [`Settings`](super::Settings).
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $name;

            impl Args for $name {
                fn augment_args(command: Command) -> Command {
                    command.args([ $( SETTINGS.$id.arg()$(.help($help))? ),+ ])
                }

                fn augment_args_for_update(command: Command) -> Command {
                    Self::augment_args(command)
                }
            }

            impl FromArgMatches for $name {
                fn from_arg_matches(_: &ArgMatches) -> Result<Self, Error> {
                    Ok(Self)
                }

                fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> {
                    Ok(())
                }
            }
        )*
    };
}

groups! {
    /// The result key, its token and that token's module.
    Token: module, module_args, token, key, pin_file, device_timeout;
    /// The beneficiary, and where the files are.
    Beneficiary: wallet_address, wallet_file, keystoredir, beneficiary_keystoredir, agent_sock;
    /// How far long work is.
    Progress: progress;
    /// The wallet on a token.
    Wallet: wallet;
    /// Who pays and signs, with the token that its key may be on.
    Payer: wallet, wallet_address = "The address that pays and signs", wallet_file
        = "The wallet file in the keystore folder", keystoredir, password_file, token, module,
        module_args, pin_file, device_timeout;
    /// The hosts that a project may name.
    TrustedHosts: trusted_hosts;
    /// The file of the wallet's password.
    PasswordFile: password_file;
    /// The file of the SO PIN.
    SoPinFile: so_pin_file;
    /// The SO PIN file of `setup`.
    SetupSoPinFile: so_pin_file
        = "A file whose first line is the SO PIN, for an empty token";
    /// The SO PIN file of `result generate-encryption-keypair`.
    GenerateSoPinFile: so_pin_file
        = "With --so-login: a file whose first line is the SO PIN";
    /// The services that keys are published to.
    Services: chain, tee_framework, sms_url, trusted_hosts;
    /// The chain that is read, its node, and who knows the schedulers.
    Chain: chain, rpc_url, compass_url;
    /// The services beside the node that have a part in a run.
    RunServices: market_url, sms_url;
    /// The chain's services that are looked at.
    ChainServices: rpc_url, market_url;
    /// The market.
    MarketUrl: market_url;
    /// The gateways to IPFS.
    IpfsGateway: ipfs_gateway;
    /// The longest wait for a service.
    Timeout: timeout;
    /// The bounds of a result.
    Limits: max_size, max_entries;
    /// Whether a running agent is left alone.
    NoAgent: no_agent;
    /// The times after which the agent locks.
    Locking: idle, max_lifetime;
    /// The agent's sessions.
    Sessions: sessions;
    /// The longest request to the agent.
    RequestTimeout: request_timeout;
    /// The time that is waited for an agent.
    AgentWait: agent_wait;
    /// Whether a person is asked before each use of a key, and how.
    Confirming: confirm, confirm_with, confirm_timeout;
    /// Whether the agent leaves itself all that it could do.
    NoConfinement: no_confinement;
    /// The agent's audit log.
    AuditLog: audit_log;
}
