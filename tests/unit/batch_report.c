/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a report: order of columns, and what is quoted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "batch/report.h"

static const struct {
    struct batch_entry entry;
    struct batch_result result;
    const char *row;
} rows[] = {
    {{"b", "k", NULL}, {0, true, 200, "", "Successful"}, "b,k,,succeeded,200,,Successful\n"},
    {{"b", "a%20b/c.mp4", "v1"},
     {0, false, 404, "PermanentFailure", "gone"},
     "b,a%20b/c.mp4,v1,failed,404,PermanentFailure,gone\n"},
    {{"b", "k", ""},
     {0, false, 400, "InvalidRequest", "Task failed due to missing VersionId"},
     "b,k,,failed,400,InvalidRequest,Task failed due to missing VersionId\n"},
    {{"b", "k", NULL},
     {0, false, 200, "PermanentFailure", "error: {\"errorMessage\":\"no, \"}"},
     "b,k,,failed,200,PermanentFailure,\"error: {\"\"errorMessage\"\":\"\"no, \"\"}\"\n"},
    {{"b", "a,b", NULL}, {0, true, 200, "", ""}, "b,\"a,b\",,succeeded,200,,\n"},
    {{"b", "a\nb", NULL}, {0, true, 200, "", "\r"}, "b,\"a\nb\",,succeeded,200,,\"\r\"\n"},
    {{"b", "k", NULL}, {0, true, 200, "", "\""}, "b,k,,succeeded,200,,\"\"\"\"\n"},
    {{"b", "k ", NULL}, {0, true, 200, "", " a'b "}, "b,k ,,succeeded,200,, a'b \n"},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        report_row(&out, &rows[i].entry, &rows[i].result);
        assert_string_equal(out.data, rows[i].row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
