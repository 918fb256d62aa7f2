/* SPDX-License-Identifier: Apache-2.0 */
/* A moov is written down, edited, and compared with what it should have become. */
#include "boxes.h"

#include "run/mp4.h"

static int edit_bytes(const void *bytes, size_t size, const struct mp4_edit *edit, struct text *out)
{
    struct error err = {0};
    CLEANUP(free_pointer) uint8_t *copy = malloc(size); /* as large as it is, for the sanitizer */
    memcpy(copy, bytes, size);
    int r = mp4_edit_moov(copy, size, edit, out, &err);
    if (r < 0)
        assert_int_equal(err.kind, ERROR_BUG);
    return r;
}

static int edit_spec(const char *spec, const struct mp4_edit *edit, struct text *out)
{
    CLEANUP(text_release) struct text moov = {0};
    boxes_write(&moov, spec);
    return edit_bytes(moov.data, moov.size, edit, out);
}

#define STBL(boxes) "moov(mvhd(0 1) trak(tkhd(0) mdia(mdhd(0) minf(stbl(" boxes ")))))"
#define V1          "#01000000 "

static const struct {
    const char *moov;
    struct mp4_edit edit;
    const char *edited;
} cases[] = {
    // chunk offsets
    {STBL("stco(0 3 48 100 4000)"), {.shift = 1000}, STBL("stco(0 3 1048 1100 5000)")},
    {STBL("stco(0 2 1048 1100)"), {.shift = -1000}, STBL("stco(0 2 48 100)")},
    {STBL("stco(0 0)"), {.shift = 1000}, STBL("stco(0 0)")},
    {STBL("stco(0 1 48) stsz(0 7 9)"), {0}, STBL("stco(0 1 48) stsz(0 7 9)")},
    {STBL("stco(0 2 48 4294967295)"),
     {.shift = 1000, .co64 = true},
     STBL("co64(0 2 1048L 4294968295L)")},
    {STBL("stco(0 0)"), {.co64 = true}, STBL("co64(0 0)")},
    {STBL("co64(0 2 48L 4294967296L)"), {.shift = 5}, STBL("co64(0 2 53L 4294967301L)")},
    {STBL("co64(0 1 48L)"), {.shift = 5, .co64 = true}, STBL("co64(0 1 53L)")},
    {"moov(trak(mdia(minf(stbl(stco(0 1 8))))) trak(mdia(minf(stbl(stco(0 1 9))))))",
     {.shift = 1, .co64 = true},
     "moov(trak(mdia(minf(stbl(co64(0 1 9L))))) trak(mdia(minf(stbl(co64(0 1 10L))))))"},
    // only where a table of samples can be
    {"moov(udta(stco(0 1 48)))", {.shift = 1}, "moov(udta(stco(0 1 48)))"},
    {"", {.shift = 1}, ""},
    {"moov()", {.shift = 1}, "moov()"},
    // ctts gets its version
    {STBL("ctts(0 1 1 7)"), {.ctts_version = 1}, STBL("ctts(" V1 "1 1 7)")},
    {STBL("ctts(" V1 "1 1 7)"), {.ctts_version = 0}, STBL("ctts(0 1 1 7)")},
    // I0 P3 B1 B2, 512 ticks each, shown at 0 1536 512 1024
    {STBL("stts(0 1 4 512) ctts(0 3 1 0 1 1024 2 -512) stsz(0)"),
     {.cslg = true, .ctts_version = 1},
     STBL("stts(0 1 4 512) ctts(" V1 "3 1 0 1 1024 2 -512) cslg(0 512 -512 1024 0 2048) stsz(0)")},
    // the same, all shown later so that no offset is negative
    {STBL("stts(0 1 4 512) ctts(0 3 1 512 1 1536 2 0)"),
     {.cslg = true},
     STBL("stts(0 1 4 512) ctts(0 3 1 512 1 1536 2 0) cslg(0 0 0 1536 512 2560)")},
    // ctts before stts
    {STBL("ctts(0 1 2 7) stts(0 1 2 10)"),
     {.cslg = true},
     STBL("ctts(0 1 2 7) cslg(0 0 7 7 7 27) stts(0 1 2 10)")},
    // runs of offsets and of durations end at different samples
    {STBL("stts(0 3 2 10 0 99 3 20) ctts(0 4 1 0 0 9 3 5 1 -40)"),
     {.cslg = true, .ctts_version = 1},
     STBL("stts(0 3 2 10 0 99 3 20) ctts(" V1 "4 1 0 0 9 3 5 1 -40) cslg(0 40 -40 5 0 65)")},
    // the last sample in time is not the last in the file
    {STBL("stts(0 2 1 10 2 30) ctts(0 2 1 100 2 -5)"),
     {.cslg = true, .ctts_version = 1},
     STBL("stts(0 2 1 10 2 30) ctts(" V1 "2 1 100 2 -5) cslg(0 5 -5 100 5 110)")},
    // more than 31 bits of ticks
    {STBL("stts(0 1 3 1500000000) ctts(0 1 3 0)"),
     {.cslg = true},
     STBL("stts(0 1 3 1500000000) ctts(0 1 3 0) cslg(" V1 "0L 0L 0L 0L 4500000000L)")},
    {STBL("stts(0 1 1 10) ctts(0 1 1 -2147483648)"),
     {.cslg = true, .ctts_version = 1},
     STBL("stts(0 1 1 10) ctts(" V1 "1 1 -2147483648) cslg(" V1
          "2147483648L -2147483648L -2147483648L -2147483648L -2147483638L)")},
    // nothing to say
    {STBL("stts(0 1 4 512)"), {.cslg = true}, STBL("stts(0 1 4 512)")},
    {STBL("ctts(0 1 4 0)"), {.cslg = true}, STBL("ctts(0 1 4 0)")},
    {STBL("stts(0 0) ctts(0 0)"), {.cslg = true}, STBL("stts(0 0) ctts(0 0)")},
    {STBL("stts(0 1 0 10) ctts(0 1 0 10)"), {.cslg = true}, STBL("stts(0 1 0 10) ctts(0 1 0 10)")},
    // tables that say more than they hold: what is there counts
    {STBL("ctts(0 1 3 0) stts(0 2 1 512)"),
     {.cslg = true},
     STBL("ctts(0 1 3 0) cslg(0 0 0 0 0 512) stts(0 2 1 512)")},
    {STBL("stts(0 -1 2 512) ctts(0 -1 9 1)"),
     {.cslg = true},
     STBL("stts(0 -1 2 512) ctts(0 -1 9 1) cslg(0 0 1 1 1 1025)")},
    {STBL("stts(0 1 2 512) ctts(0 1 -1 1)"),
     {.cslg = true},
     STBL("stts(0 1 2 512) ctts(0 1 -1 1) cslg(0 0 1 1 1 1025)")},
    // ticks without end
    {STBL("stts(0 2 -1 -1 -1 -1) ctts(0 1 -1 1)"),
     {.cslg = true},
     STBL("stts(0 2 -1 -1 -1 -1) ctts(0 1 -1 1)")},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(text_release) struct text found = {0}, expected = {0};
        if (edit_spec(cases[i].moov, &cases[i].edit, &found) < 0)
            fail_msg("%s: refused", cases[i].moov);
        boxes_write(&expected, cases[i].edited);
        if (found.size != expected.size ||
            (found.size && memcmp(found.data, expected.data, found.size)))
            fail_msg("%s does not become %s", cases[i].moov, cases[i].edited);
    }
}

static void test_size_without_shift(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(text_release) struct text near = {0}, far = {0};
        struct mp4_edit edit = cases[i].edit;
        edit.shift = 0;
        assert_int_equal(edit_spec(cases[i].moov, &edit, &near), 0);
        edit.shift = INT64_C(1) << 50;
        assert_int_equal(edit_spec(cases[i].moov, &edit, &far), 0);
        assert_int_equal(near.size, far.size);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "moov+1()",
        "moov-1()",
        "moov.()",
        "moov*()",
        "#00000007 #6d6f6f76",
        "#ffffffff #6d6f6f76",
        "moov() #00",
        "moov() #00000000000000",
        "moov(#00)",
        "moov(trak+1())",
        "moov(mvhd+1())",
        "moov(mvhd*())",
        STBL("stco+1(0 1 48)"),
        STBL("stco-4(0 1 48)"),
        STBL("free() #000000"),
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        if (edit_spec(rows[i], &(struct mp4_edit){.cslg = true}, &out) == 0)
            fail_msg("%s is not refused", rows[i]);
    }
}

/* What is cut off is an error wherever that is. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text moov = {0};
    boxes_write(&moov, STBL("stts(0 1 4 512) ctts(0 1 4 0) stco(0 1 48) co64(0 1 48L)"));
    for (size_t size = 1; size < moov.size; size++) {
        CLEANUP(text_release) struct text out = {0};
        assert_int_equal(edit_bytes(moov.data, size, &(struct mp4_edit){.cslg = true}, &out), -1);
    }
}

/* Every byte of a moov changed to what does most harm: it may be refused, and that is all. */
static void test_damaged(void **state)
{
    (void)state;
    static const uint8_t harm[] = {0, 1, 7, 8, 9, 0x7f, 0x80, 0xff};
    CLEANUP(text_release) struct text moov = {0};
    boxes_write(&moov, STBL("ctts(0 2 4 0 1 9) stco(0 1 48) co64(0 1 48L) stts(0 2 4 512 1 9)"));
    for (size_t i = 0; i < moov.size * COUNT(harm); i++) {
        CLEANUP(text_release) struct text out = {0};
        char was = moov.data[i / COUNT(harm)];
        moov.data[i / COUNT(harm)] = (char)harm[i % COUNT(harm)];
        (void)!edit_bytes(moov.data, moov.size, &(struct mp4_edit){.cslg = true}, &out);
        moov.data[i / COUNT(harm)] = was;
    }
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *boxes, *type;
        int at, size; /* -1: none */
    } rows[] = {
        {"free(1) ctts(2 3) stts()", "ctts", 20, 8},
        {"free(1) ctts(2 3) stts()", "stts", 36, 0},
        {"free(1) ctts(2 3) stts()", "free", 8, 4},
        {"free(1) ctts(2 3) stts()", "stco", -1, 0},
        {"free(stts())", "stts", -1, 0}, // not inside
        {"ctts(1) ctts(2 3)", "ctts", 8, 4},
        {"", "ctts", -1, 0},
        {"ctts+1()", "ctts", -1, 0},
        {"free-1() ctts()", "ctts", -1, 0},
        {"#000000", "ctts", -1, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text boxes = {0};
        boxes_write(&boxes, rows[i].boxes);
        const uint8_t *start = (const uint8_t *)boxes.data;
        size_t size = 0;
        const uint8_t *found = mp4_find(start, boxes.size, rows[i].type, &size);
        assert_int_equal(found ? found - start : -1, rows[i].at);
        assert_int_equal(size, rows[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),   cmocka_unit_test(test_size_without_shift),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
