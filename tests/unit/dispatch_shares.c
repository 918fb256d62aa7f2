/* SPDX-License-Identifier: Apache-2.0 */
/* How many jobs the machine feeds, and what each of them may take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
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

static void test_threads_of_a_job(void **state)
{
    static const struct {
        int cores, concurrent, threads;
    } rows[] = {{1, 1, 1},   {1, 8, 1},       {2, 1, 2},      {3, 1, 3},   {3, 2, 1},
                {4, 2, 2},   {8, 3, 2},       {16, 8, 2},     {16, 1, 16}, {64, 4, 16},
                {64, 65, 1}, {1024, 1, 1024}, {1024, 1024, 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(dispatcher_threads(rows[i].cores, rows[i].concurrent), rows[i].threads);
}

static void test_memory_of_a_worker(void **state)
{
    static const struct {
        int64_t machine, worker; /* MiB */
    } rows[] = {{64, 512}, {512, 512}, {1024, 768}, {4096, 3072}, {1 << 20, 3 << 18}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(dispatcher_worker_memory(rows[i].machine << 20), rows[i].worker << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concurrent),
        cmocka_unit_test(test_threads_of_a_job),
        cmocka_unit_test(test_memory_of_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
