use std::fs;

/// Whether nobody but the user of this number is in the group: the one that many systems make for each user,
/// with a umask that lets it write. As far as the system's own files know; else it is not.
pub(super) fn is_private(group: u32, user: u32) -> bool {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    is_private_in(&read("/etc/passwd"), &read("/etc/group"), group, user)
}

fn is_private_in(passwd: &str, groups: &str, group: u32, user: u32) -> bool {
    let users = || {
        passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, _) = (fields.next()?, fields.next()?);
            let (user, group): (u32, u32) =
                (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some((name, user, group))
        })
    };
    let Some((name, ..)) = users().find(|it| it.1 == user) else {
        return false;
    };
    let members = groups.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let is_it = fields.get(2)?.parse() == Ok(group);
        is_it.then_some(*fields.get(3)?)
    });
    let is_alone = |members: &str| {
        let mut members = members.split(',').filter(|it| !it.is_empty());
        members.all(|it| it == name)
    };
    members.is_some_and(is_alone) && users().all(|it| it.2 != group || it.1 == user)
}

#[cfg(test)]
mod tests {
    use super::is_private_in;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/:/bin/sh\n";
    const GROUPS: &str =
        "root:x:0:\nusers:x:100:\nann:x:1000:\nbob:x:1001:eve\ntwo:x:1003:ann,bob\nme:x:1004:ann\n";

    #[test]
    fn a_group_of_one_is_private() {
        let of_ann = |group| is_private_in(USERS, GROUPS, group, 1000);
        assert!(of_ann(1000) && of_ann(1004));
        // Somebody else's first group; one with two members; one that nobody knows.
        assert!(!of_ann(100) && !of_ann(1003) && !of_ann(4711));
        // A second member, and a user that is not known.
        assert!(!is_private_in(USERS, GROUPS, 1001, 1001));
        assert!(!is_private_in(USERS, GROUPS, 1000, 4711));
    }
}
