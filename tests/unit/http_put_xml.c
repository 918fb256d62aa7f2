/* SPDX-License-Identifier: Apache-2.0 */
/* XML that is written: it can be read again, whatever the values are. */
#include "http/put_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "s3/xml.h"

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *value, *xml, *read; /* NULL: as it was */
    } rows[] = {
        {"", "<A></A>", NULL},
        {"a b", "<A>a b</A>", NULL},
        {"<a href=\"x\">&amp;]]></a>",
         "<A>&lt;a href=&quot;x&quot;&gt;&amp;amp;]]&gt;&lt;/a&gt;</A>", NULL},
        {" a\r\nb\t ", "<A> a&#xD;&#xA;b&#x9; </A>", NULL},
        {"ü漢🎬", "<A>ü漢🎬</A>", NULL},
        {"a\x01\x1f\x7f", "<A>a\xef\xbf\xbd\xef\xbf\xbd\x7f</A>", "a\xef\xbf\xbd\xef\xbf\xbd\x7f"},
        {"\xff\xc3z", "<A>\xef\xbf\xbd\xef\xbf\xbdz</A>", "\xef\xbf\xbd\xef\xbf\xbdz"},
        {"\xef\xbf\xbf\xef\xbf\xbd", "<A>\xef\xbf\xbd\xef\xbf\xbd</A>", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        put_element(&out, "A", rows[i].value);
        assert_string_equal(out.data, rows[i].xml);
        CLEANUP(xml_free) struct xml *xml = xml_parse(out.data, out.size);
        assert_non_null(xml);
        assert_string_equal(xml_content(xml_root(xml)),
                            rows[i].read ? rows[i].read : rows[i].value);
    }
}

static void test_documents(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text out = {0};
    put_start_in(&out, "A", "http://a/");
    put_element(&out, "None", NULL);
    put_element_number(&out, "N", -7);
    put_element_time(&out, "T", 1570139328048999);
    put_element_seconds(&out, "S", 1570139328048999);
    put_element_time(&out, "Never", 0);
    put_element_seconds(&out, "Never", 0);
    put_end(&out, "A");
    assert_string_equal(out.data, "<A xmlns=\"http://a/\"><N>-7</N><T>2019-10-03T21:48:48.048Z</T>"
                                  "<S>2019-10-03T21:48:48Z</S></A>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
