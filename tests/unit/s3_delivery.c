/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries into one folder, beside each other and beside what other people keep there. */
#include "s3_place.h"

#include <errno.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* System calls that fail when a test says so; s3 is linked with these. */
static struct {
    int flock, mkdirat; /* errno; 0: the real thing */
    int calls;
} failing;

static int fails(int why)
{
    failing.calls++;
    errno = why;
    return -1;
}

int flock(int fd, int operation)
{
    return failing.flock ? fails(failing.flock) : (int)syscall(SYS_flock, fd, operation);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    return failing.mkdirat ? fails(failing.mkdirat) : (int)syscall(SYS_mkdirat, dir, path, mode);
}

/* --- sweeping --- */

static void make_file(struct place *p, const char *path)
{
    char full[4400];
    snprintf(full, sizeof(full), "%s", in_folder(p, path));
    for (char *slash = full; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(full, 0777);
        *slash = '/';
    }
    if (full[strlen(full) - 1] == '/')
        return;
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fclose(file);
}

/* Only what a delivery has made is removed from a folder .uploads, which others may have, too. */
static void test_sweep_spares_others(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *path;
        bool swept;
    } rows[] = {
        {"site/.uploads/photos/a.jpg", false},
        {"site/.uploads/photos/lock", false},
        {"site/.uploads/photos/0", false},
        {"site/.uploads/empty/", false},
        {"site/.uploads/a.jpg", false},
        {"site/.uploads/0123456789abcde0/a.jpg", false},
        {"site/.uploads/0123456789abcde1/0", false}, // no lock
        {"site/.uploads/0123456789ABCDE2/lock", false},
        {"site/.uploads/0123456789abcde30/lock", false},
        {"site/.uploads/0123456789abcde4/", true},
        {"site/.uploads/0123456789abcde5/lock", true},
        {"site/.uploads/0123456789abcde5/0", true},
        {"site/.uploads/0123456789abcde5/17", true},
        {"site/.uploads/0123456789abcde5/aside/.%@", true},
        {"site/.uploads/0123456789abcde6/lock", true},
        {"site/.uploads/0123456789abcde6/aside", true},
        {"site/.uploads/0123456789abcde7/lock", true},
        {"site/.uploads/0123456789abcde7/0", true},
        {"site/.uploads/0123456789abcde7/a.jpg", false},
        {"site/.uploads/0123456789abcde7/1/0", false},
        {"site/.uploads/0123456789abcde7/video-0.mp4", false},
        {"site/.uploads/0123456789abcde7/video-.stats", false},
        {"site/.uploads/0123456789abcde8/lock/0", false},
        {".uploads/photos/a.jpg", false},
        {".uploads/0123456789abcdef/lock", true},
        {".uploads/0123456789abcdef/video-0.stats", true},
        {".uploads/0123456789abcdef/video-12.stats.temp", true},
        {".uploads/0123456789abcdef/video-0.stats.mbtree", true},
        {".uploads/0123456789abcdef/video-0.stats.mbtree.temp", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        make_file(p, rows[i].path);
    put(p, "s3://site/a", "a");
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (exists(p, rows[i].path) == rows[i].swept)
            fail_msg("'%s' is %s", rows[i].path, rows[i].swept ? "still there" : "gone");
    }
    assert_false(exists(p, "site/.uploads/0123456789abcde5"));
    assert_false(exists(p, "site/.uploads/0123456789abcde6"));
    assert_false(exists(p, ".uploads/0123456789abcdef"));
}

/* What an object replaces need not be a file; a link goes, what it leads to stays. */
static void test_replaced_link(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/target", "target");
    assert_int_equal(symlink("target", in_folder(p, "out/link")), 0);
    put(p, "s3://out/link", "new");
    expect(p, "s3://out/link", "new");
    expect(p, "s3://out/target", "target");
    assert_false(exists(p, "out/.uploads"));
}

/* --- temporary files --- */

static const char *scratch(struct place *p, struct delivery *delivery)
{
    const char *path = NULL, *again = NULL;
    ok(p, delivery_scratch(delivery, &path, &p->err));
    ok(p, delivery_scratch(delivery, &again, &p->err));
    assert_string_equal(path, again);
    assert_int_equal(path[0], '/');

    char file[4400];
    snprintf(file, sizeof(file), "%s/video-0.stats", path);
    FILE *stats = fopen(file, "w");
    assert_non_null(stats);
    fclose(stats);
    return path;
}

static void test_scratch(void **state)
{
    struct place *p = *state;
    struct delivery *delivery = begin(p);
    scratch(p, delivery);
    delivery_free(&delivery);
    assert_int_equal(access(p->folder, F_OK), -1);

    delivery = begin(p);
    scratch(p, delivery);
    add(p, delivery, "s3://out/a", "a");
    ok(p, delivery_commit(delivery, &p->err));
    assert_false(exists(p, ".uploads"));
    delivery_free(&delivery);
    expect(p, "s3://out/a", "a");

    struct delivery *alive = begin(p);
    const char *path = scratch(p, alive);
    pid_t child = fork();
    if (!child) {
        scratch(p, begin(p));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    struct stat st;
    assert_int_equal(stat(in_folder(p, ".uploads"), &st), 0);
    assert_int_equal(st.st_nlink, 4);
    delivery = begin(p);
    delivery_free(&delivery);
    assert_int_equal(stat(in_folder(p, ".uploads"), &st), 0);
    assert_int_equal(st.st_nlink, 3);
    assert_int_equal(access(path, F_OK), 0);
    delivery_free(&alive);
    assert_false(exists(p, ".uploads"));
}

static void test_scratch_refused(void **state)
{
    struct place *p = *state;
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    const char *path = NULL;
    failing.mkdirat = EACCES;
    assert_int_equal(delivery_scratch(delivery, &path, &p->err), -1);
    failing.mkdirat = 0;
    assert_int_equal(p->err.kind, ERROR_PERMISSION);
}

/* --- waiting and refusals --- */

/* What stands in the way is reported, and at once. */
static void test_create_refused(void **state)
{
    struct place *p = *state;
    static const struct {
        int flock, mkdirat;
        enum error_kind kind;
    } rows[] = {
        {0, EACCES, ERROR_PERMISSION},     {0, EROFS, ERROR_PERMISSION},
        {0, ENOSPC, ERROR_DISK_FULL},      {0, EMLINK, ERROR_FILE_OPEN},
        {ENOLCK, 0, ERROR_FILE_OPEN},      {EOPNOTSUPP, 0, ERROR_FILE_OPEN},
        {EWOULDBLOCK, 0, ERROR_FILE_OPEN}, // for ever: the last row
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(delivery_free) struct delivery *delivery = begin(p);
        failing.flock = rows[i].flock;
        failing.mkdirat = rows[i].mkdirat;
        failing.calls = 0;
        int r = object_put(delivery, "s3://out/a", NULL, "a", 1, &p->err);
        failing.flock = failing.mkdirat = 0;
        assert_int_equal(r, -1);
        if (p->err.kind != rows[i].kind)
            fail_msg("row %zu: kind %d, expected %d", i, p->err.kind, rows[i].kind);
        assert_int_equal(failing.calls, i + 1 < COUNT(rows) ? 1 : 100);
        assert_int_equal(access(p->folder, F_OK), -1);
    }
}

static void test_commit_canceled(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/old", "old");
    int other = open(p->folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(other, LOCK_EX), 0);

    struct delivery *delivery = begin(p);
    add(p, delivery, "s3://out/old", "new");
    cancel_request(&p->cancel);
    assert_int_equal(delivery_commit(delivery, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_CANCELED);
    delivery_free(&delivery);
    expect(p, "s3://out/old", "old");
    assert_false(exists(p, "out/.uploads"));

    close(other);
    put(p, "s3://out/old", "new"); // nobody to wait for
    expect(p, "s3://out/old", "new");
}

static void *unlock_soon(void *fd)
{
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    flock(*(int *)fd, LOCK_UN);
    return NULL;
}

static void test_commit_waits(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/old", "old");
    int other = open(p->folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(other, LOCK_EX), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, unlock_soon, &other);
    put(p, "s3://out/old", "new");
    pthread_join(thread, NULL);
    close(other);
    expect(p, "s3://out/old", "new");
}

/* --- deliveries that sweep, abort and commit at once, in several processes --- */

static void deliver_many(struct place *p, int number)
{
    for (int i = 0; i < 40; i++) {
        char uri[64];
        snprintf(uri, sizeof(uri), "s3://out/%d/%d", number, i);
        CLEANUP(delivery_free) struct delivery *delivery = NULL;
        if (delivery_new(p->storage, NULL, &delivery, &p->err) < 0 ||
            object_put(delivery, uri, NULL, uri, strlen(uri), &p->err) < 0 ||
            (i % 2 && delivery_commit(delivery, &p->err) < 0)) {
            char text[1024];
            fprintf(stderr, "%s\n", error_text(&p->err, text, sizeof(text)));
            _exit(1);
        }
    }
    _exit(0);
}

static void test_races(void **state)
{
    struct place *p = *state;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (!children[i])
            deliver_many(p, i);
    }
    for (int i = 0; i < 4; i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < 4 * 40; i++) {
        char uri[64];
        snprintf(uri, sizeof(uri), "s3://out/%d/%d", i % 4, i / 4);
        if (i / 4 % 2)
            expect(p, uri, uri);
        else
            expect_none(p, uri);
    }
    assert_false(exists(p, "out/.uploads"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sweep_spares_others),
        TEST(test_replaced_link),
        TEST(test_races),
        TEST(test_scratch),
        TEST(test_scratch_refused),
        TEST(test_create_refused),
        TEST(test_commit_canceled),
        TEST(test_commit_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
