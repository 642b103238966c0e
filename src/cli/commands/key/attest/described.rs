//! What was certified of a key, in JSON and in words.

use serde_json::{Value, json};

use crate::attestation::{Attestation, Device, YubiHsm, YubiKey};

pub(super) fn json_of(attestation: &Attestation) -> Value {
    let mut json = match &attestation.device {
        Device::YubiKey(it) => json!({
            "device": "yubikey",
            "firmware": version(it.firmware),
            "serial": it.serial.map(|it| it.to_string()),
            "slot": it.slot,
            "pinPolicy": it.pin_policy.to_string(),
            "touchPolicy": it.touch_policy.to_string(),
            "formFactor": it.form_factor.map(|it| it.to_string()),
            "fips": it.fips,
        }),
        Device::YubiHsm(it) => json!({
            "device": "yubihsm2",
            "firmware": version(it.firmware),
            "serial": it.serial.to_string(),
            "origin": it.origin.to_string(),
            "domains": it.domains,
            "capabilities": format!("{:016x}", it.capabilities),
            "exportable": it.is_exportable(),
            "objectId": format!("{:04x}", it.object),
            "label": it.label,
        }),
    };
    if let Value::Object(fields) = &mut json {
        fields.insert("chain".to_owned(), json!(attestation.chain));
    }
    json
}

pub(super) fn text_of(name: &str, attestation: &Attestation) -> String {
    let [device, key] = match &attestation.device {
        Device::YubiKey(it) => yubikey(it),
        Device::YubiHsm(it) => yubihsm(it),
    };
    let chain = attestation.chain.iter().map(|it| format!("{it:?}"));
    let chain = chain.collect::<Vec<_>>().join(", signed by ");
    format!("{name}\n  made in {device}\n  {key}\n  {chain}")
}

fn yubikey(it: &YubiKey) -> [String; 2] {
    let serial = match it.serial {
        Some(serial) => format!("serial {serial}"),
        None => "which does not tell its serial".to_owned(),
    };
    let form = it.form_factor.map(|it| format!(", {it}"));
    let series = if it.fips { ", FIPS" } else { "" };
    let firmware = version(it.firmware);
    let device = format!(
        "a YubiKey, {serial}, firmware {firmware}{}{series}",
        form.unwrap_or_default()
    );
    let (slot, pin, touch) = (&it.slot, it.pin_policy, it.touch_policy);
    [device, format!("slot {slot}, PIN {pin}, touch {touch}")]
}

fn yubihsm(it: &YubiHsm) -> [String; 2] {
    let (serial, firmware) = (it.serial, version(it.firmware));
    let domains: Vec<_> = it.domains.iter().map(u8::to_string).collect();
    let leaves = match it.is_exportable() {
        true => "MAY LEAVE IT, wrapped",
        false => "never leaves it",
    };
    let (object, label) = (it.object, &it.label);
    [
        format!("a YubiHSM 2, serial {serial}, firmware {firmware}"),
        format!(
            "object 0x{object:04x} {label:?}, domains {}, {leaves}",
            domains.join(", ")
        ),
    ]
}

fn version([major, minor, patch]: [u8; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}
