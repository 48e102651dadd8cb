/* confine: users and groups from the system's databases, then the system calls in their order. */
#include "process/confine.h"

#include "base/check.h"
#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char fallback_user[] = "nobody";

/* --- looking up --- */

static bool is_root(void)
{
    return geteuid() == 0;
}

/* Who we are already. */
static void identity_keep(struct identity *out)
{
    *out = (struct identity){.uid = geteuid(), .gid = getegid()};
    (void)snprintf(out->name, sizeof out->name, "uid %u", out->uid);
}

static bool find_groups(const char *user, struct identity *out)
{
    out->group_count = IDENTITY_GROUPS_MAX;
    if (getgrouplist(user, out->gid, out->groups, &out->group_count) >= 0)
        return true;
    log_error("process.user %s: is in more than %d groups", user, IDENTITY_GROUPS_MAX);
    return false;
}

static bool find_user(const char *name, struct identity *out)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user) {
        log_error("process.user %s: %s", name, errno ? strerror(errno) : "there is no such user");
        return false;
    }
    out->uid = user->pw_uid;
    out->gid = user->pw_gid;
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    return true;
}

static bool find_group(const struct process_conf *conf, struct identity *out)
{
    if (str_is_empty(conf->group))
        return true;
    errno = 0;
    const struct group *group = getgrnam(conf->group.p);
    if (!group) {
        log_error("process.group %s: %s", conf->group.p,
                  errno ? strerror(errno) : "there is no such group");
        return false;
    }
    out->gid = group->gr_gid;
    return true;
}

/* Not root: naming ourselves is fine, anybody else is not ours to become. */
static bool accept_own(const struct process_conf *conf, struct identity *out)
{
    struct identity named;
    identity_keep(out);
    named = *out;
    if (!str_is_empty(conf->user) && !find_user(conf->user.p, &named))
        return false;
    if (named.uid != out->uid) {
        log_error("process.user %s: only root can start workers as another user; remove the key, "
                  "or start as root",
                  conf->user.p);
        return false;
    }
    named.gid = out->gid;
    if (!find_group(conf, &named))
        return false;
    if (named.gid == out->gid)
        return true;
    log_error("process.group %s: only root can start workers with another group; remove the key, "
              "or start as root",
              conf->group.p);
    return false;
}

bool identity_find(const struct process_conf *conf, struct identity *out)
{
    if (!is_root())
        return accept_own(conf, out);
    *out = (struct identity){.is_changed = true, .is_assumed = str_is_empty(conf->user)};
    if (!out->is_assumed)
        return find_user(conf->user.p, out) && find_group(conf, out) &&
               find_groups(conf->user.p, out);
    /* Nobody gave it rights by other groups, and asking for them may load half a directory service.
     */
    if (!find_user(fallback_user, out) || !find_group(conf, out))
        return false;
    out->groups[out->group_count++] = out->gid;
    return true;
}

bool identity_find_uid(uid_t uid, gid_t gid, struct identity *out)
{
    if (!is_root()) {
        identity_keep(out);
        return true;
    }
    *out = (struct identity){.uid = uid, .gid = gid, .is_changed = true};
    const struct passwd *user = uid == 0 ? NULL : getpwuid(uid);
    if (uid == 0 || user) {
        const char *name = user ? user->pw_name : fallback_user;
        return find_user(name, out) && find_groups(name, out);
    }
    (void)snprintf(out->name, sizeof out->name, "uid %u", uid);
    return true; /* an owner that the system has no name for is in no group but the folder's */
}

/* --- borrowing --- */

/* Root that stays root may lack the right to set what it is already. */
static bool changes_ids(const struct identity *id)
{
    return id->is_changed && (id->uid != geteuid() || id->gid != getegid());
}

/* Root's capabilities over files go and come back with the filesystem's user (capabilities(7)). */
static bool set_ids_for_files(const struct identity *id)
{
    (void)setfsgid(id->gid); /* they tell the previous id, not whether it is changed */
    (void)setfsuid(id->uid);
    errno = EPERM; /* the only reason there is */
    return (gid_t)setfsgid((gid_t)-1) == id->gid && (uid_t)setfsuid((uid_t)-1) == id->uid;
}

bool confine_borrow(const struct identity *id, struct identity *own)
{
    *own = (struct identity){.uid = geteuid(), .gid = getegid(), .is_changed = changes_ids(id)};
    if (!own->is_changed)
        return true;
    own->group_count = getgroups(IDENTITY_GROUPS_MAX, own->groups);
    bool has_groups = own->group_count >= 0 && setgroups((size_t)id->group_count, id->groups) == 0;
    if (has_groups && set_ids_for_files(id))
        return true;
    log_error("cannot become %s: %m", id->name);
    if (has_groups)
        confine_give_back(own);
    return false;
}

void confine_give_back(const struct identity *own)
{
    if (!own->is_changed)
        return;
    /* Whoever could borrow can give back; to go on as somebody else is out of the question. */
    CHECK(setgroups((size_t)own->group_count, own->groups) == 0 && set_ids_for_files(own));
    (void)prctl(PR_SET_DUMPABLE, 1); /* every change of a user ends that: no core of the master */
}

/* --- becoming --- */

static bool set_ids(const struct identity *id)
{
    if (setgroups((size_t)id->group_count, id->groups) == 0 &&
        setresgid(id->gid, id->gid, id->gid) == 0 && setresuid(id->uid, id->uid, id->uid) == 0)
        return true;
    log_error("cannot become %s: %m", id->name);
    return false;
}

/* Did every id change, and is the way back closed? */
static bool verify_ids(const struct identity *id)
{
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;
    bool is_so = getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 &&
                 uid == id->uid && euid == id->uid && suid == id->uid && gid == id->gid &&
                 egid == id->gid && sgid == id->gid && getgroups(0, NULL) == id->group_count;
    if (is_so && (id->uid == 0 || (setresuid(0, 0, 0) < 0 && setuid(0) < 0 && seteuid(0) < 0)))
        return true;
    log_error("cannot become %s for good: the way back to root is open", id->name);
    return false;
}

/* A worker needs none: its sockets are bound and its logs are open. One that stays root keeps the
 * one that lets it read what root may read. */
static bool drop_capabilities(const struct identity *id)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    if (id->uid == 0) {
        struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];
        if (syscall(SYS_capget, &header, now) < 0)
            goto fail;
        uint32_t keep = now[0].permitted & (UINT32_C(1) << CAP_DAC_READ_SEARCH);
        sets[0].permitted = sets[0].effective = keep;
    }
    if (syscall(SYS_capset, &header, sets) == 0)
        return true;
fail:
    log_error("cannot drop capabilities: %m");
    return false;
}

/* Nobody else with this uid shall look into a worker (nobody has many users). Debug builds stay
 * open: the leak checker attaches to its own process. */
static bool hide_memory(void)
{
#ifdef SKIFF_DEBUG
    return prctl(PR_SET_DUMPABLE, 1) == 0;
#else
    return prctl(PR_SET_DUMPABLE, 0) == 0;
#endif
}

bool confine_drop(const struct identity *id)
{
    bool sets_ids = changes_ids(id);
    if ((sets_ids && !set_ids(id)) || !drop_capabilities(id) || (sets_ids && !verify_ids(id)))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || (id->is_changed && !hide_memory())) {
        log_error("cannot confine the process: %m");
        return false;
    }
    return true;
}
