//! A maker of devices that attest keys: certificates in the form that Yubico documents, signed by `openssl`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// What a YubiKey says of a key: the numbers below 1.3.6.1.4.1.41482, and values in DER.
pub const YUBIKEY: [(&str, &str); 4] = [
    ("3.3", "050403"),
    ("3.7", "020400bc614e"),
    ("3.8", "0201"),
    ("3.9", "01"),
];

/// What a YubiHSM 2 says of a key that it made.
pub const YUBIHSM: [(&str, &str); 7] = [
    ("4.1", "0403020401"),
    ("4.2", "02037b1838"),
    ("4.3", "03020001"),
    ("4.4", "0303000005"),
    ("4.5", "0309000000000000000600"),
    ("4.6", "02021234"),
    ("4.9", "0c04 69657865"),
];

/// What an authority's certificate says of itself.
const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";

/// The files of a maker: for each name a certificate, and for each of its own a key.
pub struct Maker(TempDir);

impl Maker {
    /// One with a root, an authority, and a device of this name.
    pub fn of(device: &str) -> Self {
        let maker = Self(TempDir::new().unwrap());
        maker.key("root", "P-384");
        let root = ["-signkey", "root.key", "-subj", "/CN=Maker Root"];
        maker.issue("root", &root, AUTHORITY);
        maker.authority("authority", "root", "Maker Authority", AUTHORITY);
        maker.authority("device", "authority", device, AUTHORITY);
        maker
    }

    pub fn yubikey() -> Self {
        Self::of("Yubico PIV Attestation")
    }

    pub fn yubihsm() -> Self {
        Self::of("YubiHSM Attestation (8067128)")
    }

    /// The certificate of this name, in PEM.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("{name}.pem"))
    }

    pub fn pem(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Makes a key, and a certificate for it with these extensions.
    pub fn authority(&self, name: &str, issuer: &str, subject: &str, extensions: &str) {
        self.key(name, "P-256");
        let public = self.public(name);
        self.certify(name, issuer, &public, subject, extensions);
    }

    /// Certifies a public key, of which nobody here has the private key.
    pub fn attest(&self, name: &str, public: &str, subject: &str, fields: &[(&str, &str)]) {
        let field = |(number, der): &(&str, &str)| {
            let der = der.replace(' ', "");
            format!("1.3.6.1.4.1.41482.{number}=DER:{der}\n")
        };
        let fields: String = fields.iter().map(field).collect();
        self.certify(name, "device", public, subject, &fields);
    }

    pub fn certify(&self, name: &str, issuer: &str, public: &str, subject: &str, extensions: &str) {
        let subject = format!("/CN={subject}");
        fs::write(self.0.path().join("public"), public).unwrap();
        let (of, by) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        let args = [
            "-force_pubkey",
            "public",
            "-subj",
            &subject,
            "-CA",
            &of,
            "-CAkey",
            &by,
        ];
        self.issue(name, &args, extensions);
    }

    /// The public key of a certificate that this maker has the key of.
    pub fn public(&self, name: &str) -> String {
        let key = format!("{name}.key");
        String::from_utf8(self.openssl(&["pkey", "-pubout", "-in", &key])).unwrap()
    }

    fn key(&self, name: &str, curve: &str) {
        let curve = format!("ec_paramgen_curve:{curve}");
        let key = format!("{name}.key");
        let args = [
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            &curve,
            "-out",
            &key,
        ];
        self.openssl(&args);
    }

    fn issue(&self, name: &str, args: &[&str], extensions: &str) {
        fs::write(
            self.0.path().join("extensions"),
            format!("[e]\n{extensions}"),
        )
        .unwrap();
        let out = format!("{name}.pem");
        let with = [
            "-days",
            "3650",
            "-extfile",
            "extensions",
            "-extensions",
            "e",
            "-out",
            &out,
        ];
        self.openssl(&[&["x509", "-new"], args, &with].concat());
    }

    fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new("openssl");
        let output = command.args(args).current_dir(&self.0).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {args:?}: {said}");
        output.stdout
    }
}
