/* opt: one row of a table is everything about a configuration key.
 *
 * The row gives the name, the kind, where the value is stored, the default (as a user would write
 * it), the range, the choices and one sentence of documentation; parser, messages, dump, manual and
 * schema are all made from it, so they cannot disagree. A struct starts as a copy of its parent's
 * (the root: every default parsed by the same parser), so there is no "unset" value. */
#ifndef SKIFF_CONFIG_OPT_H
#define SKIFF_CONFIG_OPT_H

#include "base/str.h"

enum opt_kind {
    K_BOOL,   /* bool: true or false, nothing else */
    K_COUNT,  /* uint32_t: a plain number */
    K_SIZE,   /* uint64_t: bytes, with a unit */
    K_RATE,   /* uint64_t: bytes a second, with a unit: "1KiB/s" */
    K_MSEC,   /* uint32_t: a duration, with a unit */
    K_MODE,   /* uint32_t: octal file mode */
    K_TEXT,   /* struct str */
    K_PATH,   /* struct str: made absolute, relative to the file that says it; the words in
                 `choices` are kept as they are */
    K_CHOICE, /* uint32_t: index into choices */
    K_TEXTS,  /* struct str_list: a list; one text alone is a list of one */
    K_PAIRS,  /* struct pair_list: a map of free names to texts */
    K_GROUP,  /* a nested struct with a table of its own */
    K_LIST,   /* struct item_list: a list of such structs */
    K_CUSTOM, /* read by the function in the row; `table` is for the manual */
};

struct str_list {
    struct str *items;
    uint32_t count;
};

struct pair {
    struct str name, value;
};

struct pair_list {
    struct pair *items;
    uint32_t count;
};

struct item_list {
    void *items; /* `count` structs of the row's item size */
    uint32_t count;
};

struct load;
struct yaml_node;

struct opt {
    const char *key;
    enum opt_kind kind;
    uint16_t at;      /* where in the struct; the macros refuse a field of another type */
    const char *dflt; /* as a user would write it; NULL: required, or empty for groups, lists
                         and maps; lists with commas: "a, b" */
    int64_t min, max; /* inclusive; for K_TEXT lengths in bytes */
    const char *zero; /* the word that stands for 0 ("auto", "off", "unlimited"); NULL: none */
    uint32_t zero_is; /* what that word stands for where 0 is a number like any */
    const char *const *choices; /* K_CHOICE: by value; K_PATH: words that are no paths; NULL ends */
    const struct opt *table;    /* K_GROUP, K_LIST: the rows of the nested struct */
    uint16_t item_size;         /* K_LIST */
    const char *short_key;      /* K_GROUP, K_LIST: the key that a bare value stands for */
    /* K_CUSTOM: reads the value. Other kinds: checks what was read from the file. `conf` is the
     * struct that `at` counts from. */
    bool (*read)(struct load *l, const struct yaml_node *n, void *conf);
    const char *doc; /* one sentence: manual, schema and help print it */
    const char *was; /* what nginx calls it, several with spaces between; NULL: nothing */
};

#define AT(S, f, T)                                                                                \
    (uint16_t)(offsetof(S, f) + 0 * sizeof(char[_Generic(((S *)0)->f, T : 1, default : -1)]))

#define OPT_BOOL(k, S, f, d, text)                                                                 \
    {                                                                                              \
        .key = (k), .kind = K_BOOL, .at = AT(S, f, bool), .dflt = (d), .doc = (text)               \
    }
#define OPT_COUNT(k, S, f, d, lo, hi, text)                                                        \
    {                                                                                              \
        .key = (k), .kind = K_COUNT, .at = AT(S, f, uint32_t), .dflt = (d), .min = (lo),           \
        .max = (hi), .doc = (text)                                                                 \
    }
#define OPT_SIZE(k, S, f, d, lo, hi, text)                                                         \
    {                                                                                              \
        .key = (k), .kind = K_SIZE, .at = AT(S, f, uint64_t), .dflt = (d), .min = (lo),            \
        .max = (hi), .doc = (text)                                                                 \
    }
#define OPT_RATE(k, S, f, d, lo, hi, text)                                                         \
    {                                                                                              \
        .key = (k), .kind = K_RATE, .at = AT(S, f, uint64_t), .dflt = (d), .min = (lo),            \
        .max = (hi), .doc = (text)                                                                 \
    }
#define OPT_MSEC(k, S, f, d, lo, hi, text)                                                         \
    {                                                                                              \
        .key = (k), .kind = K_MSEC, .at = AT(S, f, uint32_t), .dflt = (d), .min = (lo),            \
        .max = (hi), .doc = (text)                                                                 \
    }
#define OPT_TEXT(k, S, f, d, text)                                                                 \
    {                                                                                              \
        .key = (k), .kind = K_TEXT, .at = AT(S, f, struct str), .dflt = (d), .max = 65535,         \
        .doc = (text)                                                                              \
    }
#define OPT_PATH(k, S, f, d, text)                                                                 \
    {                                                                                              \
        .key = (k), .kind = K_PATH, .at = AT(S, f, struct str), .dflt = (d), .max = 4095,          \
        .doc = (text)                                                                              \
    }
#define OPT_CHOICE(k, S, f, d, names, text)                                                        \
    {                                                                                              \
        .key = (k), .kind = K_CHOICE, .at = AT(S, f, uint32_t), .dflt = (d), .choices = (names),   \
        .doc = (text)                                                                              \
    }
#define OPT_TEXTS(k, S, f, d, text)                                                                \
    {                                                                                              \
        .key = (k), .kind = K_TEXTS, .at = AT(S, f, struct str_list), .dflt = (d), .max = 65535,   \
        .doc = (text)                                                                              \
    }
#define OPT_PAIRS(k, S, f, text)                                                                   \
    {                                                                                              \
        .key = (k), .kind = K_PAIRS, .at = AT(S, f, struct pair_list), .max = 65535, .doc = (text) \
    }
#define OPT_GROUP(k, S, f, T, rows, text)                                                          \
    {                                                                                              \
        .key = (k), .kind = K_GROUP, .at = AT(S, f, T), .table = (rows), .doc = (text)             \
    }

/* Why a text is not a value of its row. */
struct opt_fault {
    char what[160]; /* goes on after the key's full name: "needs a unit" */
    char note[160]; /* how to mend it; may be empty */
};

/* Parses one scalar and stores it in `conf`. K_TEXT and K_PATH keep the bytes of `text`. Only for
 * kinds up to K_CHOICE. */
bool opt_set(const struct opt *o, struct str text, void *conf, struct opt_fault *f);
bool opt_is_scalar(const struct opt *o);
/* Where a row's value is in its struct. */
void *opt_at(const struct opt *o, void *conf);
const void *opt_value(const struct opt *o, const void *conf);
/* The row of that name; NULL when there is none. */
const struct opt *opt_find(const struct opt *table, struct str key);

enum { OPT_TEXT_MAX = 64 };
/* A scalar that is not text, as a user would write it, terminated: for K_BOOL to K_MODE and
 * K_CHOICE. */
void opt_print(const struct opt *o, const void *conf, char out[OPT_TEXT_MAX]);

#endif
