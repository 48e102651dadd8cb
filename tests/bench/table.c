/* table: what rounds of load.c come to, as a table and as JSON.
 *
 *     table [-b NAME]... [-f NS] [-j FILE] TITLE <ROUNDS
 *
 * The rounds may come from several calls of load. Printed are medians, and for each subject named
 * with -b, where it took part, the median and the quartiles of the ratios to it: the first round of
 * one by the first of the other and so on. Of 1,000 connections and more the median of the least by
 * the most answered is printed as "fair". With -f the rounds in which the two processors were NS or
 * more apart are a table of their own. -j adds the same to FILE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spread.h"

enum { SUBJECTS_MAX = 8, BASES_MAX = 4, NAME = 32 };

/* Rounds with the processors of load and servers near to one another, and far apart. */
enum group { NEAR, FAR };

struct series {
    int rounds;
    double cost[ROUNDS_MAX]; /* microseconds of CPU a request */
    double rate[ROUNDS_MAX]; /* requests a second */
    double fair[ROUNDS_MAX]; /* answers of the connection with the least, by those of the most */
    unsigned long long answers, errors, starved;
};

struct subject {
    char name[NAME];
    int conns;
    struct series series[2]; /* by group */
};

static struct subject subjects[SUBJECTS_MAX];
static int subject_count;
static const char *bases[BASES_MAX];
static int base_count;
static double far_ns; /* 0: no round is far */

static void die(const char *what)
{
    fprintf(stderr, "table: %s\n", what);
    exit(1);
}

static struct subject *find_subject(const char *name)
{
    for (int i = 0; i < subject_count; i++)
        if (strcmp(subjects[i].name, name) == 0)
            return &subjects[i];
    return NULL;
}

static struct subject *add_subject(const char *name)
{
    if (subject_count == SUBJECTS_MAX)
        die("too many subjects");
    struct subject *s = &subjects[subject_count++];
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

static void read_rounds(void)
{
    char name[NAME];
    int conns, fields;
    double cost, rate, fair, apart;
    unsigned long long answers, errors, starved;
    while ((fields = scanf("%31s %d %lf %lf %lf %llu %llu %llu %lf", name, &conns, &cost, &rate,
                           &fair, &answers, &errors, &starved, &apart)) == 9) {
        struct subject *s = find_subject(name);
        if (!s)
            s = add_subject(name);
        struct series *of = &s->series[far_ns > 0 && apart >= far_ns ? FAR : NEAR];
        if (of->rounds == ROUNDS_MAX)
            die("too many rounds");
        s->conns = conns;
        of->cost[of->rounds] = cost;
        of->rate[of->rounds] = rate;
        of->fair[of->rounds++] = fair;
        of->answers += answers;
        of->errors += errors;
        of->starved += starved;
    }
    if (fields != EOF || !subject_count)
        die("not rounds as load prints them");
}

static struct spread ratio_to(const struct series *s, const struct series *base)
{
    double ratio[ROUNDS_MAX];
    if (s->rounds != base->rounds)
        die("subjects with more rounds than others");
    for (int r = 0; r < s->rounds; r++)
        ratio[r] = base->cost[r] > 0 ? s->cost[r] / base->cost[r] : 0;
    return spread_of(ratio, s->rounds);
}

static void print_subject(const struct subject *s, enum group group)
{
    const struct series *of = &s->series[group];
    printf("  %-8s %8.3f us CPU  %8.0f/s ", s->name, spread_of(of->cost, of->rounds).median,
           spread_of(of->rate, of->rounds).median);
    for (int b = 0; b < base_count; b++) {
        const struct subject *base = find_subject(bases[b]);
        if (!base || base == s)
            continue;
        struct spread ratio = ratio_to(of, &base->series[group]);
        printf("  %.3f of %s [%.3f %.3f]", ratio.median, base->name, ratio.low, ratio.high);
    }
    if (s->conns >= 1000)
        printf("  fair %.2f", spread_of(of->fair, of->rounds).median);
    if (of->errors)
        printf("  %llu ERRORS", of->errors);
    if (of->starved)
        printf("  %llu starved", of->starved);
    printf("\n");
}

static int rounds_of(enum group group)
{
    return subjects[0].series[group].rounds;
}

static void print_table(const char *title)
{
    printf("%s\n", title);
    for (int i = 0; i < subject_count && rounds_of(NEAR) > 0; i++)
        print_subject(&subjects[i], NEAR);
    if (rounds_of(FAR) > 0)
        printf("  in %d of %d rounds, far apart:\n", rounds_of(FAR),
               rounds_of(NEAR) + rounds_of(FAR));
    for (int i = 0; i < subject_count && rounds_of(FAR) > 0; i++)
        print_subject(&subjects[i], FAR);
}

static void write_subject(FILE *f, const struct subject *s, enum group group)
{
    const struct series *of = &s->series[group];
    fprintf(f, "{\"name\":\"%s\",\"rounds\":%d,\"cpu_us\":%.3f,\"rate\":%.0f,\"fair\":%.3f,",
            s->name, of->rounds, spread_of(of->cost, of->rounds).median,
            spread_of(of->rate, of->rounds).median, spread_of(of->fair, of->rounds).median);
    for (int b = 0; b < base_count; b++) {
        const struct subject *base = find_subject(bases[b]);
        if (!base)
            continue;
        struct spread ratio = ratio_to(of, &base->series[group]);
        fprintf(f, "\"of_%s\":%.3f,\"of_%s_quartiles\":[%.3f,%.3f],", base->name, ratio.median,
                base->name, ratio.low, ratio.high);
    }
    fprintf(f, "\"answers\":%llu,\"errors\":%llu,\"starved\":%llu}", of->answers, of->errors,
            of->starved);
}

static void write_subjects(FILE *f, const char *name, enum group group)
{
    fprintf(f, ",\"%s\":[", name);
    for (int i = 0; i < subject_count && rounds_of(group) > 0; i++) {
        fputs(i ? "," : "", f);
        write_subject(f, &subjects[i], group);
    }
    fputs("]", f);
}

/* "subjects" are those of the near rounds, if there are any. */
static void write_json(const char *name, const char *title)
{
    FILE *f = fopen(name, "a");
    if (!f)
        die(name);
    fprintf(f, "{\"work\":\"%s\"", title);
    write_subjects(f, "subjects", rounds_of(NEAR) > 0 ? NEAR : FAR);
    write_subjects(f, "far", FAR);
    fprintf(f, "}\n");
    if (fclose(f) != 0)
        die(name);
}

int main(int argc, char **argv)
{
    const char *json = NULL;
    for (int o; (o = getopt(argc, argv, "b:f:j:")) != -1;) {
        if (o == 'j')
            json = optarg;
        else if (o == 'f')
            far_ns = atof(optarg);
        else if (o == 'b' && base_count < BASES_MAX)
            bases[base_count++] = optarg;
        else
            die("see the head of table.c");
    }
    if (optind != argc - 1)
        die("see the head of table.c");
    read_rounds();
    print_table(argv[optind]);
    if (json)
        write_json(json, argv[optind]);
    return 0;
}
