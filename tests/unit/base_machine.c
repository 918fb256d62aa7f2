/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/machine.h"
#include "base/macros.h"

static void test_usable(void **state)
{
    (void)state;
    assert_true(machine_cores() > 0);
    assert_true(machine_cores() <= (double)sysconf(_SC_NPROCESSORS_CONF));
    assert_true(machine_memory() > 64 << 20);
    double rounded = machine_threads() - machine_cores();
    assert_true(machine_threads() == MACHINE_THREADS_MAX || (rounded >= 0 && rounded < 1));
}

/* What stands in the files of /, /a and /a/b; what counts in /a/b */
static const struct {
    const char *name, *files[3];
    double quota;
} rows[] = {
    {"cpu.max", {NULL, NULL, NULL}, 0},
    {"cpu.max", {NULL, "max 100000\n", "max 100000\n"}, 0},
    {"cpu.max", {"200000 100000\n", NULL, "max 100000\n"}, 2},
    {"cpu.max", {"200000 100000\n", "50000 100000\n", "100000 100000\n"}, 0.5},
    {"cpu.max", {"200000 100000\n", "350000 100000\n", "300000 200000\n"}, 1.5},
    {"cpu.max", {"", "0 0\n", "-1 100000\n"}, 0},
    {"cpu.max", {"100000", "x y\n", "100000 0\n"}, 0},
    {"memory.max", {NULL, NULL, NULL}, 0},
    {"memory.max", {NULL, "max\n", "max\n"}, 0},
    {"memory.max", {NULL, "1073741824\n", "max\n"}, 1 << 30},
    {"memory.max", {"4294967296\n", "max\n", "536870912\n"}, 1 << 29},
    {"memory.max", {"", "x\n", "-1\n"}, 0},
};

static void test_quota(void **state)
{
    static const char *const folders[] = {"", "/a", "/a/b"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char top[] = "/tmp/machine.XXXXXX", path[128];
        assert_non_null(mkdtemp(top));
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof(path), "%s%s", top, folders[k]);
            mkdir(path, 0700);
            snprintf(path, sizeof(path), "%s%s/%s", top, folders[k], rows[i].name);
            FILE *file = rows[i].files[k] ? fopen(path, "w") : NULL;
            if (file && (fputs(rows[i].files[k], file), fclose(file)))
                fail();
        }
        bool of_memory = rows[i].name[0] == 'm';
        double quota = of_memory ? (double)machine_memory_quota(top, "/a/b")
                                 : machine_cores_quota(top, "/a/b");
        assert_float_equal(quota, rows[i].quota, 1e-9);
        for (int k = 2; k >= 0; k--) {
            snprintf(path, sizeof(path), "%s%s/%s", top, folders[k], rows[i].name);
            unlink(path);
            snprintf(path, sizeof(path), "%s%s", top, folders[k]);
            rmdir(path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usable),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
