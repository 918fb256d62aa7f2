/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The shape of version 4; two are never the same. */
static void test_uuid(void **state)
{
    (void)state;
    enum { ROUNDS = 100 };
    char last[RANDOM_UUID_SIZE] = "", uuid[RANDOM_UUID_SIZE];
    for (int i = 0; i < ROUNDS; i++) {
        assert_ptr_equal(random_uuid(uuid), uuid);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
        for (int at = 0; at < 36; at++)
            assert_int_equal(uuid[at] == '-', at == 8 || at == 13 || at == 18 || at == 23);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, last);
        memcpy(last, uuid, sizeof(last));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_uuid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
