/* SPDX-License-Identifier: Apache-2.0 */
/* Job text: what is read, what is refused and where, what is changed in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"

/* The tree in one line: keys given before are marked with '!'. */
static void dump(const struct json *value, struct text *out)
{
    static const char *const words[] = {
        [JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};
    if (value->key)
        text_add(out, "%s%s:", value->repeated ? "!" : "", value->key);
    if (value->type <= JSON_TRUE)
        text_add(out, "%s", words[value->type]);
    else if (value->type == JSON_NUMBER)
        text_add(out, "%.17g", value->number);
    else if (value->type == JSON_STRING)
        text_add(out, "'%s'", value->string);
    if (value->type < JSON_ARRAY)
        return;
    text_add(out, value->type == JSON_ARRAY ? "[" : "{");
    for (const struct json *child = value->child; child; child = child->next) {
        text_add(out, child == value->child ? "" : " ");
        dump(child, out);
    }
    text_add(out, value->type == JSON_ARRAY ? "]" : "}");
}

/* The dump, or "@17 message" for what is refused. */
static void read_text(const char *text, size_t size, struct text *out)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *root;
    struct error err;
    size_t at;
    if (json_parse(arena, text, size, &root, &at, &err) == 0) {
        dump(root, out);
        return;
    }
    assert_int_equal(err.kind, ERROR_BAD_REQUEST);
    assert_true(at <= size);
    text_add(out, "@%zu %s", at, err.frame[0]);
}

static void test_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"\xef\xbb\xbf{}", "{}"},
        {"null", "null"},
        {"[true,false,null]", "[true false null]"},
        {"[0,-0,1.5,1e3,-2E-2,1e-999]", "[0 -0 1.5 1000 -0.02 0]"},
        {"{\"a\":1,\"b\":{\"a\":2}}", "{a:1 b:{a:2}}"},
        {"{\"a\":1,\"b\":2,\"a\":3,\"a\":4}", "{a:1 b:2 !a:3 !a:4}"},
        {"{\"a\":1,\"A\":2}", "{a:1 A:2}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\b\f\n\r\t'"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83c\\udfac\"", "'Aé€🎬'"},
        {"\"é€🎬\"", "'é€🎬'"},

        {"", "@0 expected a value, but the text ends"},
        {"  ", "@2 expected a value, but the text ends"},
        {"{\"a\":1,}", "@6 a comma with nothing after it before '}'"},
        {"[1,]", "@2 a comma with nothing after it before ']'"},
        {"[,1]", "@1 expected a value, but there is ','"},
        {"[1 2]", "@3 expected ',' or ']', but there is '2'"},
        {"{\"a\" 1}", "@5 expected ':' after a member's name, but there is '1'"},
        {"{a:1}", "@1 expected a member's name in double quotes, but there is 'a'"},
        {"{'a':1}", "@1 expected a member's name in double quotes, but there is ''': JSON has "
                    "double quotes only"},
        {"['a']", "@1 expected a value, but there is ''': JSON has double quotes only"},
        {"// c\n{}", "@0 expected a value, but there is '/': JSON has no comments"},
        {"{} /* c */", "@3 expected the end of the text, but there is '/': JSON has no comments"},
        {"[1 # one\n]", "@3 expected ',' or ']', but there is '#': JSON has no comments"},
        {"{} {}", "@3 expected the end of the text, but there is '{'"},
        {"{\"a\":", "@5 expected a value, but the text ends"},
        {"[", "@1 expected a value, but the text ends"},
        {"[1", "@2 expected ',' or ']', but the text ends"},
        {"NaN", "@0 'NaN' is no JSON value: a string stands in double quotes"},
        {"[True]", "@1 'True' is no JSON value: a string stands in double quotes"},
        {"nul", "@0 'nul' is no JSON value: a string stands in double quotes"},
        {"+1", "@0 expected a value, but there is '+'"},
        {".5", "@0 expected a value, but there is '.'"},
        {"-", "@1 expected a digit after '-', but the text ends"},
        {"-Infinity", "@1 expected a digit after '-', but there is 'I'"},
        {"1.", "@2 expected a digit after '.', but the text ends"},
        {"1e", "@2 expected a digit in the exponent, but the text ends"},
        {"01", "@0 a number does not start with 0"},
        {"-012", "@0 a number does not start with 0"},
        {"0x10", "@1 expected the end of the text, but there is 'x'"},
        {"1e999", "@0 1e999 is too large a number"},
        {"[-1e999]", "@1 -1e999 is too large a number"},
        {"\"a", "@0 this string is not closed"},
        {"\"a\\", "@3 expected one of \" \\ / b f n r t u after '\\', but the text ends"},
        {"\"a\nb\"", "@0 this string is not closed on its line"},
        {"\"a\tb\"", "@2 control character 0x09 in a string: write it as an escape"},
        {"\"\\x\"", "@2 expected one of \" \\ / b f n r t u after '\\', but there is 'x'"},
        {"\"\\u12g4\"", "@5 expected four hexadecimal digits after '\\u', but there is 'g'"},
        {"\"\\u0000\"", "@1 a string with '\\u0000' in it is of no use here"},
        {"\"\\ud800\"", "@1 half a surrogate pair: '\\ud800' needs its second half"},
        {"\"\\ud800\\u0041\"", "@1 '\\u0041' is no second half for '\\ud800'"},
        {"\"\\udc00\"", "@1 half a surrogate pair: '\\udc00' has no first half"},
        {"\"\xff\"", "@1 byte 0xff is not UTF-8"},
        {"\"\xc0\xaf\"", "@1 byte 0xc0 is not UTF-8"},
        {"\"\xe0\x80\xaf\"", "@1 byte 0xe0 is not UTF-8"},
        {"\"\xed\xa0\x80\"", "@1 byte 0xed is not UTF-8"},
        {"\"\xf0\x80\x80\xaf\"", "@1 byte 0xf0 is not UTF-8"},
        {"\"\xf4\x90\x80\x80\"", "@1 byte 0xf4 is not UTF-8"},
        {"\"\xe2\x82\"", "@1 byte 0xe2 is not UTF-8"},
        {"\xfe\xff", "@0 expected a value, but there is byte 0xfe"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        read_text(rows[i].text, strlen(rows[i].text), &out);
        assert_string_equal(out.data, rows[i].expected);
    }
}

static void test_nul(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text inside = {0}, between = {0};
    read_text("\"a\0b\"", 5, &inside);
    assert_string_equal(inside.data,
                        "@2 control character 0x00 in a string: write it as an escape");
    read_text("[\0]", 3, &between);
    assert_string_equal(between.data, "@1 expected a value, but there is byte 0x00");
}

/* `count` times `open`, `middle`, `count` times `close`. */
static void nest(struct text *text, int count, const char *open, const char *middle,
                 const char *close)
{
    for (int i = 0; i < count; i++)
        text_add(text, "%s", open);
    text_add(text, "%s", middle);
    for (int i = 0; i < count; i++)
        text_add(text, "%s", close);
}

static void test_bounds(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text deep = {0}, out = {0}, deeper = {0}, refused = {0};
    nest(&deep, JSON_MAX_DEPTH, "[", "", "]");
    read_text(deep.data, deep.size, &out);
    assert_string_equal(out.data, deep.data);
    nest(&deeper, 100 * 1000, "{\"a\":", "1", "}");
    read_text(deeper.data, deeper.size, &refused);
    assert_string_equal(refused.data, "@320 nested deeper than 64");

    CLEANUP(text_release) struct text many = {0}, refused_many = {0};
    nest(&many, JSON_MAX_VALUES, "1,", "1", "");
    many.data[0] = '[';
    read_text(many.data, many.size, &refused_many);
    assert_non_null(strstr(refused_many.data, "expected a value, but there is ','"));
    many.data[0] = ' ', many.data[1] = '[';
    text_release(&refused_many);
    read_text(many.data, many.size, &refused_many);
    assert_non_null(strstr(refused_many.data, "more than 200000 values"));

    char *large = calloc(1, JSON_MAX_BYTES + 1);
    CLEANUP(text_release) struct text refused_large = {0};
    memset(large, ' ', JSON_MAX_BYTES + 1);
    read_text(large, JSON_MAX_BYTES + 1, &refused_large);
    assert_string_equal(refused_large.data, "@0 more than 16 MiB");
    free(large);
}

static const char job[] = "{\n"
                          "  \"Inputs\": [ { \"FileInput\": \"é\", \"a/b~c\": 7 } ],\n"
                          "  \"audioSelectors\": {}\n"
                          "}";

static struct json *read_job(struct arena *arena)
{
    struct json *root;
    struct error err;
    size_t at;
    assert_int_equal(json_parse(arena, job, strlen(job), &root, &at, &err), 0);
    return root;
}

/* 1-based, in code points, of an offset in `job`. */
static void place(size_t at, int *ret_line, int *ret_column)
{
    *ret_line = *ret_column = 1;
    for (size_t i = 0; i < at && i < strlen(job); i++) {
        *ret_column += ((unsigned char)job[i] & 0xc0) != 0x80;
        if (job[i] == '\n') {
            ++*ret_line;
            *ret_column = 1;
        }
    }
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *expected;
        int line, column, key_column; /* of the key; 0: it has none */
    } rows[] = {
        {"", "{Inputs:[{FileInput:'é' a/b~c:7}] audioSelectors:{}}", 1, 1, 0},
        {"/inputs", "Inputs:[{FileInput:'é' a/b~c:7}]", 2, 13, 3},
        {"/Inputs/0", "{FileInput:'é' a/b~c:7}", 2, 15, 0},
        {"/inputs/0/fileInput", "FileInput:'é'", 2, 30, 17},
        {"/inputs/0/a~1b~0c", "a/b~c:7", 2, 44, 35},
        {"/AudioSelectors", "audioSelectors:{}", 3, 21, 3},
        {"/inputs/1", NULL, 0, 0, 0},
        {"/inputs/00", NULL, 0, 0, 0},
        {"/inputs/-", NULL, 0, 0, 0},
        {"/INPUTS", NULL, 0, 0, 0},
        {"/inputs/0/fileInput/x", NULL, 0, 0, 0},
        {"inputs", NULL, 0, 0, 0},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *root = read_job(arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *found = json_find(root, rows[i].pointer);
        if (!rows[i].expected) {
            assert_null(found);
            continue;
        }
        CLEANUP(text_release) struct text out = {0};
        int line, column;
        dump(found, &out);
        assert_string_equal(out.data, rows[i].expected);
        place(found->at, &line, &column);
        assert_int_equal(line, rows[i].line);
        assert_int_equal(column, rows[i].column);
        place(found->key_at, &line, &column);
        if (rows[i].key_column)
            assert_int_equal(column, rows[i].key_column);
    }
}

static void test_set(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *value, *expected; /* of the whole, or the error */
    } rows[] = {
        {"/inputs/0/fileInput", "s3://b/k",
         "{Inputs:[{FileInput:'s3://b/k' a/b~c:7}] audioSelectors:{}}"},
        {"/inputs/0/fileInput", "12", "{Inputs:[{FileInput:12 a/b~c:7}] audioSelectors:{}}"},
        {"/inputs/0/fileInput", "\"12\"", "{Inputs:[{FileInput:'12' a/b~c:7}] audioSelectors:{}}"},
        {"/inputs/0/fileInput", "", "{Inputs:[{FileInput:'' a/b~c:7}] audioSelectors:{}}"},
        {"/inputs/1", "{\"x\": [1, 2]}",
         "{Inputs:[{FileInput:'é' a/b~c:7} {x:[1 2]}] audioSelectors:{}}"},
        {"/inputs/1/x", "true", "{Inputs:[{FileInput:'é' a/b~c:7} {x:true}] audioSelectors:{}}"},
        {"/a/b~1c", "null", "{Inputs:[{FileInput:'é' a/b~c:7}] audioSelectors:{} a:{b/c:null}}"},
        {"", "{}", "{}"},
        {"/inputs/2", "1", "cannot set '/inputs/2': there is no element '2'"},
        {"/inputs/x", "1", "cannot set '/inputs/x': there is no element 'x'"},
        {"/inputs/0/fileInput/x", "1",
         "cannot set '/inputs/0/fileInput/x': '/inputs/0/fileInput' has no members"},
        {"inputs", "1", "'inputs' is no pointer: it starts with '/'"},
        {"/a", "\xff", "cannot set '/a': the value is not UTF-8"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_release) struct text out = {0};
        struct json *root = read_job(arena);
        struct error err;
        char message[ERROR_TEXT];
        if (json_set(arena, root, rows[i].pointer, rows[i].value, &err) == 0)
            dump(root, &out);
        else
            text_add(&out, "%s", error_text(&err, message, sizeof(message)));
        assert_string_equal(out.data, rows[i].expected);
    }
}

static void test_set_has_no_place(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *root = read_job(arena);
    struct error err;
    assert_int_equal(json_set(arena, root, "/new/list", "[1]", &err), 0);
    assert_true(json_find(root, "/new")->key_at == JSON_NOWHERE);
    assert_true(json_find(root, "/new/list/0")->at == JSON_NOWHERE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),   cmocka_unit_test(test_nul),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_find),
        cmocka_unit_test(test_set),    cmocka_unit_test(test_set_has_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
