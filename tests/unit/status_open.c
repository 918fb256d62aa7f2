/* SPDX-License-Identifier: Apache-2.0 */
/* The database file: brought up to date, refused where it cannot be ours, one process at a time. */
#include "status_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "status/schema.h"

static const char *path(struct place *p)
{
    return arena_printf(p->arena, "%s/status.db", p->folder);
}

static void says(struct place *p, const char *words)
{
    char text[1024];
    if (!strstr(error_text(&p->err, text, sizeof(text)), words))
        fail_msg("'%s' does not say '%s'", text, words);
}

/* --- versions --- */

static const char three[] = "-- about\n"
                            "-- version 1\nCREATE TABLE a (x);\n"
                            "-- version 2\nCREATE TABLE b (x); INSERT INTO a VALUES (2);\n"
                            "-- version 3\nINSERT INTO a VALUES (3);\n";

static struct database *scratch(struct place *p)
{
    struct database *database;
    const char *file = arena_printf(p->arena, "%s/scratch.db", p->folder);
    ok(p, database_open(&database, file, &p->err));
    return database;
}

static int number(struct place *p, struct database *database, const char *sql)
{
    CLEANUP(statement_done) struct statement *s = statement(database, sql);
    ok(p, statement_row(s, &p->err));
    return column_int(s);
}

static void versions(void **state)
{
    struct place *p = *state;
    CLEANUP(database_close) struct database *database = scratch(p);
    const char *one =
        arena_strndup(p->arena, three, (size_t)(strstr(three, "-- version 2") - three));
    ok(p, schema_update(database, one, &p->err));
    assert_int_equal(number(p, database, "PRAGMA user_version"), 1);
    assert_int_equal(number(p, database, "SELECT count(*) FROM a"), 0);
    for (int again = 0; again < 2; again++) {
        ok(p, schema_update(database, three, &p->err));
        assert_int_equal(number(p, database, "PRAGMA user_version"), 3);
        assert_int_equal(number(p, database, "SELECT sum(x) FROM a"), 5);
    }
    refused(p, schema_update(database, one, &p->err), ERROR_CONFLICT);
    says(p, "its schema is version 3, this program knows 1");
}

/* All versions or none. */
static void a_version_that_fails(void **state)
{
    struct place *p = *state;
    CLEANUP(database_close) struct database *database = scratch(p);
    const char *broken =
        arena_printf(p->arena, "%s-- version 4\nINSERT INTO none VALUES (1);", three);
    refused(p, schema_update(database, broken, &p->err), ERROR_BUG);
    says(p, "no such table: none");
    assert_int_equal(number(p, database, "PRAGMA user_version"), 0);
    assert_int_equal(number(p, database, "SELECT count(*) FROM sqlite_schema"), 0);
    ok(p, schema_update(database, three, &p->err));
}

/* --- files --- */

static void run_sql(struct place *p, const char *sql)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(path(p), &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

static void newer(struct place *p)
{
    run_sql(p, "PRAGMA user_version = 999");
}

static void scribbled_over(struct place *p)
{
    int fd = open(path(p), O_WRONLY);
    assert_int_equal(pwrite(fd, "This is no database at all.", 27, 0), 27);
    close(fd);
}

static void cut_short(struct place *p)
{
    struct stat st;
    assert_int_equal(stat(path(p), &st), 0);
    assert_int_equal(truncate(path(p), st.st_size / 2), 0);
}

/* The page that has the list of tables. */
static void a_page_of_noise(struct place *p)
{
    char noise[2000];
    memset(noise, 0x5a, sizeof(noise));
    int fd = open(path(p), O_WRONLY);
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 100), sizeof(noise));
    close(fd);
}

static void a_folder(struct place *p)
{
    assert_int_equal(unlink(path(p)), 0);
    assert_int_equal(mkdir(path(p), 0700), 0);
}

static const struct {
    void (*happens)(struct place *p);
    enum error_kind kind;
    const char *says;
} files[] = {
    {newer, ERROR_CONFLICT, "newer version of this program: its schema is version 999"},
    {scribbled_over, ERROR_BUG, "file is not a database"},
    {cut_short, ERROR_BUG, "malformed"},
    {a_page_of_noise, ERROR_BUG, "malformed"},
    {a_folder, ERROR_BUG, "unable to open database file"},
};

static void files_that_are_refused(void **state)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        void *place = NULL;
        assert_int_equal(setup(&place), 0);
        struct place *p = place;
        status_close(&p->status);
        files[i].happens(p);
        refused(p, place_open(p), files[i].kind);
        assert_null(p->status);
        says(p, arena_printf(p->arena, "cannot open '%s'", path(p)));
        says(p, files[i].says);
        teardown(&place);
    }
    (void)state;
}

static void a_folder_that_cannot_be_made(void **state)
{
    struct place *p = *state;
    struct status *other = NULL;
    const char *folder = arena_printf(p->arena, "%s/a/b", p->folder);
    refused(p, status_open(&other, folder, &owner, &p->err), ERROR_BAD_REQUEST);
    says(p, "No such file or directory");
}

/* A COMMIT that has returned is on disk. */
static void settings(void **state)
{
    struct place *p = *state;
    struct database *database = p->status->database;
    assert_int_equal(number(p, database, "PRAGMA synchronous"), 2); // FULL
    assert_int_equal(number(p, database, "SELECT 'wal' = journal_mode FROM pragma_journal_mode"),
                     1);
    assert_int_equal(number(p, database, "PRAGMA foreign_keys"), 1);
}

/* --- one at a time --- */

static void one_process(void **state)
{
    struct place *p = *state;
    struct status *second = NULL;
    pid_t child = fork();
    if (child == 0) {
        char text[512], pid[32];
        snprintf(pid, sizeof(pid), "PID %d", (int)getppid());
        int r = status_open(&second, p->folder, &owner, &p->err);
        error_text(&p->err, text, sizeof(text));
        _exit(r < 0 && p->err.kind == ERROR_CONFLICT && strstr(text, pid) ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    refused(p, status_open(&second, p->folder, &owner, &p->err), ERROR_CONFLICT);
    submit(p, "Default", 0); // the first one does not mind
    status_close(&p->status);
    ok(p, place_open(p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(versions),
        TEST(a_version_that_fails),
        TEST(files_that_are_refused),
        TEST(a_folder_that_cannot_be_made),
        TEST(settings),
        TEST(one_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
