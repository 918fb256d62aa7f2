/* SPDX-License-Identifier: Apache-2.0 */
/* How many cores there are to use, and how many jobs they feed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "dispatch/cores.h"
#include "dispatch/dispatcher.h"

static void test_concurrent(void **state)
{
    static const struct {
        double cores;
        int jobs;
    } rows[] = {{0.1, 1}, {1, 1}, {2, 1}, {3, 1}, {3.9, 1}, {4, 2}, {16, 8}, {1e9, 1024}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(dispatcher_concurrent(rows[i].cores), rows[i].jobs);
}

static void test_usable(void **state)
{
    (void)state;
    assert_true(cores_usable() > 0);
    assert_true(cores_usable() <= (double)sysconf(_SC_NPROCESSORS_CONF));
}

/* cpu.max of /, /a and /a/b; what counts in /a/b */
static void test_quota(void **state)
{
    static const struct {
        const char *files[3];
        double cores;
    } rows[] = {
        {{NULL, NULL, NULL}, 0},
        {{NULL, "max 100000\n", "max 100000\n"}, 0},
        {{"200000 100000\n", NULL, "max 100000\n"}, 2},
        {{"200000 100000\n", "50000 100000\n", "100000 100000\n"}, 0.5},
        {{"200000 100000\n", "350000 100000\n", "300000 200000\n"}, 1.5},
        {{"", "0 0\n", "-1 100000\n"}, 0},
        {{"100000", "x y\n", "100000 0\n"}, 0},
    };
    static const char *const folders[] = {"", "/a", "/a/b"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char top[] = "/tmp/cores.XXXXXX", path[128];
        assert_non_null(mkdtemp(top));
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof(path), "%s%s", top, folders[k]);
            mkdir(path, 0700);
            snprintf(path, sizeof(path), "%s%s/cpu.max", top, folders[k]);
            FILE *file = rows[i].files[k] ? fopen(path, "w") : NULL;
            if (file && (fputs(rows[i].files[k], file), fclose(file)))
                fail();
        }
        assert_float_equal(cores_quota(top, "/a/b"), rows[i].cores, 1e-9);
        for (int k = 2; k >= 0; k--) {
            snprintf(path, sizeof(path), "%s%s/cpu.max", top, folders[k]);
            unlink(path);
            snprintf(path, sizeof(path), "%s%s", top, folders[k]);
            rmdir(path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concurrent),
        cmocka_unit_test(test_usable),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
