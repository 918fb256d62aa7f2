/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "function/code.h"
#include "function/journal.h"
#include "function/limits.h"
#include "function/logs.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

struct place {
    char folder[80], logs_folder[128];
    struct logs *logs;
    struct arena *arena;
    struct error err;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->folder, sizeof(p->folder), "%s/logs.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->logs_folder, sizeof(p->logs_folder), "%s/logs", p->folder);
    p->arena = arena_new();
    *state = p;
    return logs_open(&p->logs, p->logs_folder, &p->err);
}

static int teardown(void **state)
{
    struct place *p = *state;
    logs_free(&p->logs);
    arena_free(&p->arena);
    int r = code_remove_tree(p->folder, &p->err);
    free(p);
    return r;
}

static void ok_(struct place *p, int r, int line)
{
    char text[1024];
    if (r < 0)
        fail_msg("line %d: %s", line, error_text(&p->err, text, sizeof(text)));
}
#define ok(p, call) ok_((p), (call), __LINE__)

static void say(struct place *p, const char *group, int64_t at_ms, const char *stream,
                const char *message)
{
    struct log_event event = {.at_ms = at_ms,
                              .message = message,
                              .size = strlen(message),
                              .stream = stream,
                              .invocation = "id-1"};
    ok(p, logs_append(p->logs, group, &event, 1, &p->err));
}

/* The messages, one after the other; where it ended. */
static const char *read_all(struct place *p, const struct log_query *query, int64_t *ret_end,
                            bool *ret_more)
{
    struct log_event *events;
    int count;
    int64_t end;
    bool more;
    ok(p, logs_read(p->logs, query, p->arena, &events, &count, &end, &more, &p->err));
    const char *all = "";
    for (int i = 0; i < count; i++) {
        all = arena_printf(p->arena, "%s%s%s", all, i ? "|" : "", events[i].message);
        assert_int_equal(strlen(events[i].message), events[i].size);
        assert_true(i == 0 || events[i].position > events[i - 1].position);
    }
    if (ret_end)
        *ret_end = end;
    if (ret_more)
        *ret_more = more;
    return all;
}

/* --- reading --- */

static const struct {
    struct log_query query;
    const char *expected;
    bool more;
} queries[] = {
    {{.max = 10}, "one|two\nlines||four|five", false},
    {{.max = 2}, "one|two\nlines", true},
    {{.max = 5}, "one|two\nlines||four|five", false},
    {{.max = 2, .newest = true}, "four|five", true},
    {{.max = 5, .newest = true}, "one|two\nlines||four|five", false},
    {{.max = 10, .from_ms = 200}, "two\nlines||four|five", false},
    {{.max = 10, .from_ms = 200, .to_ms = 400, .ends = true}, "two\nlines|", false},
    {{.max = 10, .to_ms = 200, .ends = true}, "one", false},
    {{.max = 10, .to_ms = 0, .ends = true}, "", false},
    {{.max = 10, .stream = "a"}, "one|two\nlines|five", false},
    {{.max = 10, .stream = "b", .newest = true}, "|four", false},
    {{.max = 10, .prefix = ""}, "one|two\nlines||four|five", false},
    {{.max = 10, .prefix = "b"}, "|four", false},
    {{.max = 10, .invocation = "id-1", .pattern = "f"}, "four|five", false},
    {{.max = 10, .invocation = "id-2"}, "", false},
    {{.max = 10, .pattern = "five"}, "five", false},
    {{.max = 1, .pattern = "f", .newest = true}, "five", true},
};

static void reads(void **state)
{
    struct place *p = *state;
    say(p, "f", 100, "a", "one");
    say(p, "f", 200, "a", "two\nlines");
    say(p, "f", 300, "b", "");
    say(p, "f", 400, "b", "four");
    say(p, "f", 500, "a", "five");
    say(p, "g", 1, "a", "another");
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct log_query query = queries[i].query;
        bool more;
        query.group = "f";
        const char *all = read_all(p, &query, NULL, &more);
        if (strcmp(all, queries[i].expected) != 0 || more != queries[i].more)
            fail_msg("row %zu: '%s', %s", i, all, more ? "more" : "no more");
    }
}

static void follows(void **state)
{
    struct place *p = *state;
    struct log_query query = {.group = "f", .max = 1};
    say(p, "f", 1, "a", "one");
    say(p, "f", 2, "a", "two");
    assert_string_equal(read_all(p, &query, &query.after, NULL), "one");
    assert_string_equal(read_all(p, &query, &query.after, NULL), "two");
    assert_string_equal(read_all(p, &query, &query.after, NULL), "");
    say(p, "f", 3, "a", "three");
    assert_string_equal(read_all(p, &query, &query.after, NULL), "three");
    for (int i = 0; i < 3; i++) { // it comes back, no shorter than it was
        ok(p, logs_delete(p->logs, "f", &p->err));
        query.max = 10;
        say(p, "f", 1, "a", "one");
        say(p, "f", 2, "a", "two");
        say(p, "f", 3, "a", "three");
        say(p, "f", 4, "a", "four");
        assert_string_equal(read_all(p, &query, &query.after, NULL), "one|two|three|four");
        assert_string_equal(read_all(p, &query, &query.after, NULL), "");
        logs_free(&p->logs);
        ok(p, logs_open(&p->logs, p->logs_folder, &p->err));
    }
    ok(p, logs_delete(p->logs, "f", &p->err));
    say(p, "f", 4, "a", "four"); // as from the start
    query.after = INT64_C(7) << 32 | 100;
    assert_string_equal(read_all(p, &query, &query.after, NULL), "four");
    query.after = INT64_MIN;
    assert_string_equal(read_all(p, &query, &query.after, NULL), "four");
    query.after = INT64_C(5) << 32 | 3; // inside of an event
    assert_string_equal(read_all(p, &query, &query.after, NULL), "");
}

static void another_reads_while_one_writes(void **state)
{
    struct place *p = *state;
    struct logs *other, *own = p->logs;
    struct log_query query = {.group = "f", .max = 100};
    ok(p, logs_open(&other, p->logs_folder, &p->err));
    for (int i = 0; i < 50; i++) {
        say(p, "f", i, "a", "x");
        p->logs = other;
        assert_string_equal(read_all(p, &query, &query.after, NULL), "x");
        p->logs = own;
    }
    logs_free(&other);
}

/* --- size --- */

static void stays_bounded(void **state)
{
    enum { MESSAGE = 200 * 1000, TIMES = 500 }; // 100 MB
    struct place *p = *state;
    char *message = malloc(MESSAGE + 1);
    memset(message, 'x', MESSAGE);
    message[MESSAGE] = '\0';
    for (int i = 0; i < TIMES; i++) {
        snprintf(message, 8, "%07u", (unsigned)i % 10000000);
        message[7] = 'x';
        say(p, "f", i, "a", message);
    }
    struct log_group *groups;
    int count;
    ok(p, logs_groups(p->logs, "f", p->arena, &groups, &count, &p->err));
    assert_int_equal(count, 1);
    assert_in_range(groups[0].bytes, LOGS_GROUP_MAX / 2, LOGS_GROUP_MAX);

    struct log_event *events;
    int64_t end = 0;
    bool more = true;
    int last = -1, seen = 0;
    while (more) { // LOGS_READ_MAX at once, in order, without a gap after the first
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct log_query query = {.group = "f", .max = 1000, .after = end};
        ok(p, logs_read(p->logs, &query, arena, &events, &count, &end, &more, &p->err));
        assert_true(count > 0 && (int64_t)count * MESSAGE <= LOGS_READ_MAX);
        for (int i = 0; i < count; i++, seen++) {
            assert_true(last < 0 || atoi(events[i].message) == last + 1);
            last = atoi(events[i].message);
        }
    }
    assert_int_equal(last, TIMES - 1);
    assert_in_range(seen, TIMES / 4, TIMES - 1);
    free(message);
}

/* --- what a crash leaves --- */

static void cut(void **state)
{
    struct place *p = *state;
    char path[160];
    struct stat st;
    snprintf(path, sizeof(path), "%s/f/00000001.log", p->logs_folder);
    say(p, "f", 1, "a", "one");
    assert_int_equal(stat(path, &st), 0);
    off_t whole = st.st_size;
    say(p, "f", 2, "a", "two");
    assert_int_equal(stat(path, &st), 0);
    struct log_query query = {.group = "f", .max = 10};
    for (off_t size = st.st_size - 1; size > whole; size--) {
        logs_free(&p->logs);
        assert_int_equal(truncate(path, size), 0);
        ok(p, logs_open(&p->logs, p->logs_folder, &p->err));
        assert_string_equal(read_all(p, &query, NULL, NULL), "one");
    }
    say(p, "f", 3, "a", "three");
    assert_string_equal(read_all(p, &query, NULL, NULL), "one|three");
}

static const char *const damage[] = {
    "",
    "\n",
    "x",
    "1",
    "1 ",
    "1 2",
    "1 2 id stream",
    "1 2 id stream\n",
    "1 2 id stream\nab",
    "1 -2 id stream\nab\n",
    "1 99999999 id stream\nab\n",
    "1 2 id\nab\n",
    "x 2 id stream\nab\n",
    "99999999999999999999 2 id stream\nab\n",
    "1 2 id stream\nabc\n",
};

static void damaged(void **state)
{
    struct place *p = *state;
    char path[160];
    ok(p, logs_create(p->logs, "f", &p->err));
    snprintf(path, sizeof(path), "%s/f/00000001.log", p->logs_folder);
    for (size_t i = 0; i < COUNT(damage); i++) {
        FILE *file = fopen(path, "w");
        fputs(damage[i], file);
        fclose(file);
        struct log_query query = {.group = "f", .max = 10};
        assert_string_equal(read_all(p, &query, NULL, NULL), "");
        query.newest = true;
        assert_string_equal(read_all(p, &query, NULL, NULL), "");
    }
    say(p, "f", 1, "a", "whole");
    struct log_query query = {.group = "f", .max = 10};
    assert_string_equal(read_all(p, &query, NULL, NULL), "whole");
}

/* --- groups and streams --- */

static void groups(void **state)
{
    struct place *p = *state;
    struct log_group *found;
    struct log_stream *streams;
    int count;
    ok(p, logs_groups(p->logs, "", p->arena, &found, &count, &p->err));
    assert_int_equal(count, 0);
    ok(p, logs_create(p->logs, "made", &p->err));
    assert_int_equal(logs_create(p->logs, "made", &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_CONFLICT);
    say(p, "b", 100, "s1", "x");
    say(p, "b", 300, "s2", "x");
    say(p, "b", 200, "s1", "x");
    say(p, "a1", 7, "s", "x");
    ok(p, logs_groups(p->logs, "", p->arena, &found, &count, &p->err));
    assert_int_equal(count, 3);
    assert_string_equal(found[0].name, "a1");
    assert_int_equal(found[0].created_us, 7000);
    assert_string_equal(found[1].name, "b");
    assert_string_equal(found[2].name, "made");
    assert_int_equal(found[2].bytes, 0);
    ok(p, logs_groups(p->logs, "a", p->arena, &found, &count, &p->err));
    assert_int_equal(count, 1);

    ok(p, logs_streams(p->logs, "b", p->arena, &streams, &count, &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(streams[0].name, "s2");
    assert_string_equal(streams[1].name, "s1");
    assert_int_equal(streams[1].first_ms, 100);
    assert_int_equal(streams[1].last_ms, 200);
    assert_int_equal(streams[1].events, 2);
}

static void many_streams(void **state)
{
    struct place *p = *state;
    struct log_stream *streams;
    char name[16];
    int count;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "s%d", i % 150);
        say(p, "f", i, name, "x");
    }
    ok(p, logs_streams(p->logs, "f", p->arena, &streams, &count, &p->err));
    assert_int_equal(count, 150);
    assert_string_equal(streams[0].name, "s149");
    assert_int_equal(streams[0].events, 2);
}

/* More groups than are kept open. */
static void many_groups(void **state)
{
    struct place *p = *state;
    char name[16];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "f%d", i % 100);
        say(p, name, i, "s", "x");
    }
    struct log_query query = {.group = "f7", .max = 10};
    assert_string_equal(read_all(p, &query, NULL, NULL), "x|x|x");
}

static const char *const no_groups[] = {"none", "", "..", "../f", "a/b", "."};

static void there_is_none(void **state)
{
    struct place *p = *state;
    struct log_event *events;
    struct log_stream *streams;
    int count;
    int64_t end;
    bool more;
    for (size_t i = 0; i < COUNT(no_groups); i++) {
        struct log_query query = {.group = no_groups[i], .max = 1};
        assert_int_equal(
            logs_read(p->logs, &query, p->arena, &events, &count, &end, &more, &p->err), -1);
        assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
        assert_int_equal(logs_delete(p->logs, no_groups[i], &p->err), -1);
        assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
        assert_int_equal(logs_streams(p->logs, no_groups[i], p->arena, &streams, &count, &p->err),
                         -1);
        assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
    }
}

/* --- patterns --- */

static const struct {
    const char *pattern, *message;
    int matches; /* -1: refused */
} patterns[] = {
    {"", "anything", 1},
    {"  ", "anything", 1},
    {"ERROR", "an ERROR here", 1},
    {"ERROR", "an error here", 0},
    {"one two", "two and one", 1},
    {"one two", "only one", 0},
    {"\"one two\"", "one two", 1},
    {"\"one two\"", "two one", 0},
    {"\"a \\\"b\\\"\"", "a \"b\"", 1},
    {"\"\\\\\"", "\\", 1},
    {"-bad", "good", 1},
    {"-bad", "bad", 0},
    {"good -bad", "good", 1},
    {"good -bad", "good and bad", 0},
    {"good -\"very bad\"", "good and bad", 1},
    {"?one ?two", "two", 1},
    {"?one ?two", "three", 0},
    {"?one two", "two", 1},
    {"?one two", "one", 0},
    {"-bad ?one", "two", 0},
    {"Task\ttimed", "Task timed out", 1},
    {"\"open", "open", -1},
    {"\"open\\", "open", -1},
    {"{ $.a = 1 }", "x", -1},
    {"[a, b]", "x", -1},
    {"%a.*b%", "x", -1},
};

static void match(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct error err;
        int r = log_pattern_check(patterns[i].pattern, &err);
        if (r == 0)
            r = log_pattern_matches(patterns[i].pattern, patterns[i].message,
                                    strlen(patterns[i].message));
        if (r != patterns[i].matches)
            fail_msg("'%s' and '%s': %d", patterns[i].pattern, patterns[i].message, r);
    }
}

static void patterns_are_bounded(void **state)
{
    (void)state;
    struct error err;
    char text[1100];
    memset(text, 'a', sizeof(text));
    text[1023] = '\0';
    assert_int_equal(log_pattern_check(text, &err), 0);
    text[1023] = 'a', text[1024] = '\0';
    assert_int_equal(log_pattern_check(text, &err), -1);
    for (int i = 0; i < 130; i += 2)
        memcpy(text + i, "a ", 2);
    text[128] = '\0';
    assert_int_equal(log_pattern_check(text, &err), 0);
    text[128] = 'a', text[130] = '\0';
    assert_int_equal(log_pattern_check(text, &err), -1);
}

/* --- lines of a process --- */

static const struct {
    const char *printed, *pieces; /* the same, cut at each "^" */
    const char *expected;
} lines[] = {
    {"one\ntwo\n", "one\ntw^o\n", "one|two"},
    {"one\n\nno end", "on^e\n\nno^ en^d", "one||no end"},
    {"a\r\nb\rc\n", "a\r^\nb^\rc\n", "a|b\nc"},
    {"gr\xc3\xbc\xc3\x9f\n", "gr\xc3^\xbc\xc3\x9f\n", "gr\xc3\xbc\xc3\x9f"},
    {"\xff\xc3\n", "\xff^\xc3^\n", "??"},
    {"", "", ""},
};

static void lines_of_a_process(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < 2 * COUNT(lines); i++) {
        char group[16], text[64], *rest = text, *piece;
        struct journal journal;
        snprintf(group, sizeof(group), "f%zu", i);
        snprintf(text, sizeof(text), "%s", i % 2 ? lines[i / 2].pieces : lines[i / 2].printed);
        ok(p, logs_create(p->logs, group, &p->err));
        journal_init(&journal, p->logs, group);
        journal_begin(&journal, "id");
        while ((piece = strsep(&rest, "^")))
            journal_take(&journal, piece, strlen(piece));
        journal_flush(&journal);
        assert_false(journal.broken);
        struct log_query query = {.group = group, .max = 10, .stream = journal.stream};
        assert_string_equal(read_all(p, &query, NULL, NULL), lines[i / 2].expected);
        journal_release(&journal);
    }
}

static void the_end_is_kept(void **state)
{
    struct place *p = *state;
    struct journal journal;
    size_t size;
    journal_init(&journal, p->logs, "f");
    journal_begin(&journal, "first");
    for (int i = 0; i < 10000; i++)
        journal_say(&journal, "line %d", i);
    const char *tail = journal_tail(&journal, &size);
    assert_int_equal(size, FUNCTION_LOG_TAIL_MAX);
    assert_memory_equal(tail + size - 10, "line 9999\n", 10);
    journal_begin(&journal, "second");
    journal_tail(&journal, &size);
    assert_int_equal(size, 0);
    char nul[] = "a\0b\n";
    journal_take(&journal, nul, 4);
    tail = journal_tail(&journal, &size);
    assert_int_equal(size, 4);
    assert_memory_equal(tail, "a?b\n", 4);
    journal_release(&journal);
}

/* The log cannot be written: it is said, and nothing else goes wrong. */
static void no_place_to_write(void **state)
{
    struct place *p = *state;
    struct journal journal;
    int fd = open(p->logs_folder, O_WRONLY | O_CREAT, 0600); // a file where the folder should be
    assert_true(fd >= 0);
    close(fd);
    journal_init(&journal, p->logs, "f");
    journal_begin(&journal, "id");
    journal_say(&journal, "x");
    assert_true(journal.broken);
    assert_non_null(strstr(journal.why.frame[0], "cannot make"));
    journal_release(&journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads),
        TEST(follows),
        TEST(another_reads_while_one_writes),
        TEST(stays_bounded),
        TEST(cut),
        TEST(damaged),
        TEST(groups),
        TEST(many_streams),
        TEST(many_groups),
        TEST(there_is_none),
        cmocka_unit_test(match),
        cmocka_unit_test(patterns_are_bounded),
        TEST(lines_of_a_process),
        TEST(the_end_is_kept),
        TEST(no_place_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
