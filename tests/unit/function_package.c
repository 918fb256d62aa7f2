/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "function/code.h"
#include "function/package.h"
#include "function_zip.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct package_limits small = {
    .zip_max = 4000, .bytes_max = 1000, .entries_max = 3, .folders_max = 300};

struct place {
    char folder[80];
    struct error err;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->folder, sizeof(p->folder), "%s/package.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    *state = p;
    return mkdtemp(p->folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    int r = code_remove_tree(p->folder, &p->err);
    free(p);
    return r;
}

/* The folder's content, "name mode size" for each file and folder, unsorted but for one. */
static struct text *listing;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)type;
    if (ftw->level)
        text_add(listing, "%s%s %o %ld;", path + ftw->base - (ftw->level > 1 ? 2 : 0),
                 S_ISDIR(st->st_mode) ? "/" : "", st->st_mode & 07777,
                 S_ISDIR(st->st_mode) ? 0L : (long)st->st_size);
    return 0;
}

static void expect_files(struct place *p, const char *expected)
{
    struct text found = {0};
    listing = &found;
    text_add(&found, "%s", "");
    nftw(p->folder, list_one, 16, FTW_PHYS);
    assert_string_equal(found.data, expected);
    text_release(&found);
}

static int unpack(struct place *p, const struct file *files, const struct package_limits *limits)
{
    size_t size;
    char *zip = make_zip(files, &size);
    int r = package_unpack(zip, size, limits, p->folder, &p->err);
    free(zip);
    return r;
}

/* --- what is accepted --- */

static const struct {
    struct file file;
    const char *expected;
} accepted[] = {
    {{"app.py", "hello"}, "app.py 644 5;"},
    {{"empty", ""}, "empty 644 0;"},
    {{"./app.py", "x"}, "app.py 644 1;"},
    {{"./", ""}, ""},
    {{"run", "x", 0100700}, "run 755 1;"},
    {{"run", "x", 0100001}, "run 755 1;"},
    {{"secret", "x", 0104600}, "secret 644 1;"}, // no set-user-id
    {{"locked", "x", 0100000}, "locked 644 1;"},
    {{"d/", "", 0040700}, "d/ 755 0;"},
    {{"\xc3\xa4 b", "x"}, "\xc3\xa4 b 644 1;"},
    {{"a\\b", "x"}, "a\\b 644 1;"}, // no slash here
    {{"...", "x"}, "... 644 1;"},
};

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct place *p;
        setup((void **)&p);
        if (unpack(p, (struct file[]){accepted[i].file, {NULL}}, &small) < 0)
            fail_msg("'%s': %s", accepted[i].file.name, p->err.frame[0]);
        expect_files(p, accepted[i].expected);
        teardown((void **)&p);
    }
}

static void makes_folders(void **state)
{
    struct place *p = *state;
    assert_int_equal(unpack(p, (struct file[]){{"d/./e", "x"}, {"d/", ""}, {NULL}}, &small), 0);
    expect_files(p, "d/ 755 0;d/e 644 1;");
}

/* --- what is refused --- */

static const struct {
    struct file files[3];
    const char *why;
} refused[] = {
    {{{"/etc/passwd", "x"}}, "is absolute"},
    {{{"../x", "x"}}, "has '..'"},
    {{{"a/../../x", "x"}}, "has '..'"},
    {{{"a/..", "x"}}, "has '..'"},
    {{{"a//b", "x"}}, "has an empty part"},
    {{{"a/.", "x"}}, "is '.'"},
    {{{".", "x"}}, "is '.'"},
    {{{"a\nb", "x"}}, "has a control character"},
    {{{"link", "/etc/passwd", 0120777}}, "is a link"},
    {{{"device", "", 0020666}}, "is no file or folder"},
    {{{"pipe", "", 0010666}}, "is no file or folder"},
    {{{"folder", "", 0040755}}, "is no file or folder"},
    {{{"file/", "", 0100644}}, "is no file or folder"},
    {{{"a", "x"}, {"./a", "y"}}, "is in it twice"},
    {{{"a", "x"}, {"a/b", "y"}}, "is in it twice, as a file and as a folder"},
    {{{"a", "x"}, {"a/", ""}}, "is in it twice, as a file and as a folder"},
    {{{"a/b", "x"}, {"a", "y"}}, "is in it twice"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct place *p;
        setup((void **)&p);
        int r = unpack(p, refused[i].files, &small);
        if (r != -1 || p->err.kind != ERROR_BAD_REQUEST || !strstr(p->err.frame[0], refused[i].why))
            fail_msg("row %zu: %d, %s", i, r, p->err.frame[0]);
        teardown((void **)&p);
    }
}

static void expect_refusal(struct place *p, int r, const char *why)
{
    assert_int_equal(r, -1);
    assert_int_equal(p->err.kind, ERROR_BAD_REQUEST);
    if (!strstr(p->err.frame[0], why))
        fail_msg("%s", p->err.frame[0]);
}

static void long_names(void **state)
{
    struct place *p = *state;
    char part[300] = "", name[1200] = "";
    memset(part, 'a', 256);
    expect_refusal(p, unpack(p, (struct file[]){{part, "x"}, {NULL}}, &small), "255 bytes");
    for (int i = 0; i < 300; i++)
        memcpy(name + 4 * i, "dir/", 4);
    name[1199] = '\0';
    expect_refusal(p, unpack(p, (struct file[]){{name, "x"}, {NULL}}, &small), "1024 bytes");
    name[1023] = '\0';
    assert_int_equal(unpack(p, (struct file[]){{name, "x"}, {NULL}}, &small), 0);
}

static void limits(void **state)
{
    struct place *p = *state;
    char text[1002] = "";
    memset(text, 'a', 1000);
    assert_int_equal(unpack(p, (struct file[]){{"a", text}, {NULL}}, &small), 0);
    expect_refusal(p, unpack(p, (struct file[]){{"b", text}, {"c", "x"}, {NULL}}, &small),
                   "unzipped size must be smaller than 1000 bytes");
    text[1000] = 'a';
    expect_refusal(p, unpack(p, (struct file[]){{"d", text}, {NULL}}, &small), "is too large");
    expect_refusal(
        p, unpack(p, (struct file[]){{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {NULL}}, &small),
        "4 entries, at most 3");
    expect_refusal(p, package_unpack(text, 5000, &small, p->folder, &p->err),
                   "zipped size must be smaller than 4000 bytes");
    expect_refusal(p, package_unpack(text, 0, &small, p->folder, &p->err), "non-empty");
    static const char nothing[22] = "PK\5\6";
    expect_refusal(p, package_unpack(nothing, 22, &small, p->folder, &p->err), "non-empty");
}

/* One name of 1023 bytes has 511 folders. */
static void many_folders(void **state)
{
    struct place *p = *state;
    char name[1024] = "", path[128];
    struct stat st;
    for (int i = 0; i < 511; i++)
        memcpy(name + 2 * i, "a/", 2);
    expect_refusal(p, unpack(p, (struct file[]){{name, ""}, {NULL}}, &small),
                   "it has more than 300 folders");
    name[600] = '\0';
    memset(name, 'b', 1);
    assert_int_equal(unpack(p, (struct file[]){{name, ""}, {NULL}}, &small), 0);
    struct package_limits one = small;
    one.folders_max = 1; // what is there already does not count
    assert_int_equal(unpack(p, (struct file[]){{"c/", ""}, {"c/1", ""}, {"c/2", ""}, {NULL}}, &one),
                     0);
    expect_refusal(p, unpack(p, (struct file[]){{"d/1", ""}, {"e/1", ""}, {NULL}}, &one),
                   "it has more than 1 folders");
    snprintf(path, sizeof(path), "%s/e/1", p->folder);
    assert_int_equal(stat(path, &st), -1);
}

/* --- zips that lie --- */

/* Where the bytes stand for the last time: in the central directory. */
static char *find_last(char *zip, size_t size, const char *bytes, size_t length)
{
    char *found = NULL;
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(zip + i, bytes, length) == 0)
            found = zip + i;
    assert_non_null(found);
    return found;
}

/* It is said to be 10 bytes long, and a thousand times as many come out. */
static void a_bomb(void **state)
{
    struct place *p = *state;
    size_t size;
    char *text = calloc(1, 10001);
    memset(text, 'a', 10000);
    char *zip = make_zip((struct file[]){{"bomb", text}, {NULL}}, &size);
    char *entry = find_last(zip, size, "PK\1\2", 4);
    memcpy(entry + 24, "\x0a\0\0\0", 4);
    memcpy(zip + 22, "\x0a\0\0\0", 4);
    assert_int_equal(package_unpack(zip, size, &small, p->folder, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_BAD_REQUEST);
    struct stat st;
    char path[128];
    snprintf(path, sizeof(path), "%s/bomb", p->folder);
    if (stat(path, &st) == 0)
        assert_true(st.st_size <= small.bytes_max);
    free(zip);
    free(text);
}

static const struct {
    const char *what;
    size_t at; /* in the central directory's entry */
    const char *bytes;
    size_t size;
    const char *why;
} changes[] = {
    {"encrypted", 8, "\1\0", 2, "is encrypted"},
    {"lzma", 10, "\x0e\0", 2, "is compressed in a way that is not known"},
    {"another checksum", 16, "\1\2\3\4", 4, "could not unzip"},
    {"begins elsewhere", 42, "\xff\xff\0\0", 4, "could not unzip"},
    {"a name without end", 28, "\xff\xff", 2, "could not unzip"},
    {"no signature", 0, "XX", 2, "could not unzip"},
};

static void damaged(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        size_t size;
        char *zip = make_zip((struct file[]){{"file", "some text in it"}, {NULL}}, &size);
        char *entry = find_last(zip, size, "PK\1\2", 4);
        memcpy(entry + changes[i].at, changes[i].bytes, changes[i].size);
        int r = package_unpack(zip, size, &small, p->folder, &p->err);
        if (r != -1 || p->err.kind != ERROR_BAD_REQUEST || !strstr(p->err.frame[0], changes[i].why))
            fail_msg("%s: %d, %s", changes[i].what, r, p->err.frame[0]);
        char path[128];
        snprintf(path, sizeof(path), "%s/file", p->folder);
        unlink(path);
        free(zip);
    }
}

static void cut_short(void **state)
{
    struct place *p = *state;
    size_t size;
    char *zip = make_zip((struct file[]){{"file", "some text in it"}, {NULL}}, &size);
    for (size_t cut = 1; cut < size; cut++)
        assert_int_equal(package_unpack(zip, cut, &small, p->folder, &p->err), -1);
    assert_int_equal(package_unpack(zip, size, &small, p->folder, &p->err), 0);
    free(zip);
}

/* The same name, byte for byte. */
static void twice(void **state)
{
    struct place *p = *state;
    size_t size;
    char *zip = make_zip((struct file[]){{"one.py", "1"}, {"two.py", "2"}, {NULL}}, &size);
    memcpy(find_last(zip, size, "two.py", 6), "one.py", 6);
    expect_refusal(p, package_unpack(zip, size, &small, p->folder, &p->err), "");
    free(zip);
}

/* --- where it goes --- */

static void code_of_a_function(void **state)
{
    struct place *p = *state;
    char sha256[CODE_SHA256_SIZE], path[PATH_MAX], file[PATH_MAX + 16];
    size_t size;
    char *zip = make_zip((struct file[]){{"app.py", "x"}, {NULL}}, &size);
    assert_int_equal(code_put(p->folder, "f", zip, size, true, sha256, &p->err), 0);
    assert_int_not_equal(access(code_path(p->folder, "f", sha256, path), F_OK), 0);
    for (int again = 0; again < 2; again++)
        assert_int_equal(code_put(p->folder, "f", zip, size, false, sha256, &p->err), 0);
    assert_int_equal(strlen(sha256), 44);
    assert_int_equal(sha256[43], '=');
    snprintf(file, sizeof(file), "%s/app.py", code_path(p->folder, "f", sha256, path));
    assert_int_equal(access(file, R_OK), 0);

    assert_int_equal(code_put(p->folder, "f", "no zip", 6, false, sha256, &p->err), -1);
    assert_int_equal(code_put(p->folder, "g", "no zip", 6, false, sha256, &p->err), -1);
    snprintf(file, sizeof(file), "%s/g", p->folder);
    assert_int_not_equal(access(file, F_OK), 0);

    struct arena *arena = arena_new();
    const void *bytes;
    size_t bytes_size;
    assert_int_equal(code_put(p->folder, "f", zip, size, false, sha256, &p->err), 0);
    assert_int_equal(code_read(p->folder, "f", sha256, arena, &bytes, &bytes_size, &p->err), 0);
    assert_int_equal(bytes_size, size);
    assert_memory_equal(bytes, zip, size);
    assert_int_equal(code_read(p->folder, "g", sha256, arena, &bytes, &bytes_size, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
    arena_free(&arena);

    assert_int_equal(code_remove_others(p->folder, "f", sha256, &p->err), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(code_remove_others(p->folder, "f", NULL, &p->err), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(code_remove_others(p->folder, "f", NULL, &p->err), 0);
    free(zip);
}

/* What lies behind a link stays. */
static void links_are_not_followed(void **state)
{
    struct place *p = *state;
    char kept[128], link[128], tree[128];
    snprintf(kept, sizeof(kept), "%s/kept", p->folder);
    snprintf(tree, sizeof(tree), "%s/tree", p->folder);
    snprintf(link, sizeof(link), "%s/tree/link", p->folder);
    assert_int_equal(mkdir(kept, 0755) + mkdir(tree, 0755) + symlink(kept, link), 0);
    assert_int_equal(code_remove_tree(tree, &p->err), 0);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_not_equal(access(tree, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        TEST(makes_folders),
        cmocka_unit_test(refuses),
        TEST(long_names),
        TEST(limits),
        TEST(many_folders),
        TEST(a_bomb),
        TEST(damaged),
        TEST(cut_short),
        TEST(twice),
        TEST(code_of_a_function),
        TEST(links_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
