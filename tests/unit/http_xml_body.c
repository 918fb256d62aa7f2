/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are XML: what the table allows, and how everything else is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/xml_body.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct xml_member inner[] = {
    {"Name", XML_TEXT, .least = 1, .min = 1, .max = 3, .pattern = "^[a-z\xc3\xa4]+$"},
    {"Colour", XML_TEXT, .choices = colours},
    {0},
};

static const struct xml_member members[] = {
    {"Flag", XML_FLAG, .least = 1},
    {"Number", XML_NUMBER, .min = -5, .max = 100},
    {"Inner", XML_STRUCTURE, .most = 2, .members = inner},
    {"Never", .refused = "there is none"},
    {0},
};

#define BODY(inside) "<R xmlns='urn:x'>" inside "</R>"
#define FLAG         "<Flag>true</Flag>"

static void test_bodies(void **state)
{
    static const struct {
        const char *body, *why; /* NULL: it is fine */
    } rows[] = {
        {BODY(FLAG), NULL},
        {BODY("<Number>-5</Number>" FLAG), NULL},
        {BODY(FLAG "<Number>100</Number>"), NULL},
        {BODY(" \n\t" FLAG "<!-- a --><?b c?>\r\n"), NULL},
        {"<x:R xmlns:x='u'><x:Flag>false</x:Flag></x:R>", NULL},
        {BODY("<Flag>tr<!-- a -->ue</Flag>"), NULL},
        {BODY("<Flag><![CDATA[true]]></Flag>"), NULL},
        {BODY(FLAG "<Inner><Name>\xc3\xa4\xc3\xa4\xc3\xa4</Name></Inner>"), NULL},
        {BODY(FLAG "<Inner a='b'><Colour>red</Colour><Name>a</Name></Inner>"), NULL},

        {"", "the body is no well-formed XML"},
        {"<R>", "the body is no well-formed XML"},
        {"<!DOCTYPE R><R>" FLAG "</R>", "the body is no well-formed XML"},
        {"<Other/>", "the body is a 'Other', not a 'R'"},
        {BODY(""), "R: 'Flag' is required"},
        {BODY(FLAG FLAG), "R: 'Flag' is there 2 times, and may be 1"},
        {BODY(FLAG "<Inner/>"), "R: Inner: 'Name' is required"},
        {BODY(FLAG "x"), "R: only elements stand in it"},
        {BODY(FLAG "<![CDATA[x]]>"), "R: only elements stand in it"},
        {BODY(FLAG "<Flags/>"), "R: there is no 'Flags' in it"},
        {BODY(FLAG "<Never>1</Never>"), "R: Never: there is none"},
        {BODY("<Flag>True</Flag>"), "R: Flag: it is true or false, not 'True'"},
        {BODY("<Flag> true</Flag>"), "R: Flag: it is true or false, not ' true'"},
        {BODY("<Flag><b>true</b></Flag>"), "R: Flag: no element stands in it"},
        {BODY(FLAG "<Number>101</Number>"), "R: Number: it is a number from -5 to 100, not '101'"},
        {BODY(FLAG "<Number>-6</Number>"), "R: Number: it is a number from -5 to 100, not '-6'"},
        {BODY(FLAG "<Number>+1</Number>"), "R: Number: it is a number from -5 to 100, not '+1'"},
        {BODY(FLAG "<Number>1.0</Number>"), "R: Number: it is a number from -5 to 100, not '1.0'"},
        {BODY(FLAG "<Number>-</Number>"), "R: Number: it is a number from -5 to 100, not '-'"},
        {BODY(FLAG "<Number></Number>"), "R: Number: it is a number from -5 to 100, not ''"},
        {BODY(FLAG "<Number>1234567890123456789</Number>"),
         "R: Number: it is a number from -5 to 100, not '1234567890123456789'"},
        {BODY(FLAG "<Inner><Name/></Inner>"), "R: Inner: Name: it has 1 to 3 characters, not 0"},
        {BODY(FLAG "<Inner><Name>abcd</Name></Inner>"),
         "R: Inner: Name: it has 1 to 3 characters, not 4"},
        {BODY(FLAG "<Inner><Name>A</Name></Inner>"),
         "R: Inner: Name: 'A' does not match ^[a-z\xc3\xa4]+$"},
        {BODY(FLAG "<Inner><Name>a</Name><Colour>blue</Colour></Inner>"),
         "R: Inner: Colour: it is one of red, green, not 'blue'"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call call;
        CLEANUP(xml_free) struct xml *xml = NULL;
        struct error err;
        char text[1024] = "";
        call_init(&call);
        call.body = rows[i].body;
        call.body_size = strlen(rows[i].body);
        if (xml_body(&call, "R", members, &xml, &err) < 0)
            error_text(&err, text, sizeof(text));
        if (strcmp(text, rows[i].why ? rows[i].why : ""))
            fail_msg("%s: %s", rows[i].body, text);
        call_release(&call);
    }
}

static void test_values(void **state)
{
    static const char body[] = BODY("<Flag>false</Flag><Inner><Name>a</Name></Inner>"
                                    "<Inner><Name>b<!-- c -->&#99;</Name></Inner>");
    struct call call;
    CLEANUP(xml_free) struct xml *xml = NULL;
    struct error err;
    (void)state;
    call_init(&call);
    call.body = body;
    call.body_size = strlen(body);
    assert_int_equal(xml_body(&call, "R", members, &xml, &err), 0);
    const xml_node *root = xml_root(xml), *first = xml_child(root, "Inner");
    assert_false(xml_member_flag(&call, root, "Flag", true));
    assert_true(xml_member_flag(&call, root, "Other", true));
    assert_null(xml_member_text(&call, root, "Number"));
    assert_null(xml_member_text(&call, NULL, "Number"));
    assert_string_equal(xml_member_text(&call, first, "Name"), "a");
    assert_string_equal(xml_member_text(&call, xml_next(first, "Inner"), "Name"), "bc");
    call_release(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
