/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroed, aligned, apart from each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void test_alloc(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4096, 16 * 1024, 16 * 1024 + 1, 1 << 20};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    unsigned char *all[COUNT(sizes) * 50];
    for (size_t i = 0; i < COUNT(all); i++) {
        size_t size = sizes[i % COUNT(sizes)];
        all[i] = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)all[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(all[i][k], 0);
        memset(all[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t k = 0; k < sizes[i % COUNT(sizes)]; k++)
            assert_int_equal(all[i][k], i % 251 + 1);
    }
}

static void test_strings(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_string_equal(arena_strdup(arena, "abc"), "abc");
    assert_string_equal(arena_strndup(arena, "abc", 2), "ab");
    assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
