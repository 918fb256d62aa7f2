/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of a file say: whether its media is elsewhere, whether it was cut off. */
#include "boxes.h"

#include <sys/mman.h>
#include <unistd.h>

#include "plan/container.h"
#include "s3/file.h"

static struct object_reader *reader_of(const void *bytes, size_t size)
{
    struct error err;
    struct object_reader *reader = NULL;
    CLEANUP(file_close) int fd = memfd_create("object", MFD_CLOEXEC);
    assert_int_equal(file_write_at(fd, 0, bytes, size), 0);
    assert_int_equal(file_reader_new(&reader, &fd, "file:///object", &err), 0);
    return reader;
}

struct answers {
    bool cut, external;
    int64_t end;
};

static struct answers ask(const void *bytes, size_t size)
{
    CLEANUP(object_close) struct object_reader *reader = reader_of(bytes, size);
    return (struct answers){container_is_cut(reader), container_has_external_media(reader),
                            container_declared_end(reader)};
}

#define FTYP          "ftyp(#69736f6d 512)"
#define DREF(entries) "trak(mdia(minf(dinf(dref(0 1 " entries ")))))"
#define HERE          DREF("url_(1)")
#define ELSEWHERE     DREF("url_(0 #66696c653a2f2f2f612e6d6f7600)")

static const struct {
    const char *boxes;
    bool cut, external;
} quicktime[] = {
    {"", false, false},
    {"#00", false, false},
    {"#ffffffffffffffffffffffffffffffff", false, false},
    // cut or whole
    {FTYP, false, false},
    {FTYP "mdat(1 2 3)", false, false},
    {FTYP "mdat+1(1 2 3)", true, false},
    {FTYP "mdat+2000000000()", true, false},
    {FTYP "mdat*(1 2 3)", false, false},
    {FTYP "mdat*+1(1 2 3)", true, false},
    {FTYP "mdat*+4611686018427387000()", true, false},
    {FTYP "mdat*-9223372036854775807()", false, false}, // more than any file has
    {FTYP "mdat.(1 2 3)", false, false},
    {FTYP "mdat(1) moov+1(mvhd())", true, false},
    {FTYP "moov(mvhd+100())", false, false}, // only the boxes on top are looked at
    {FTYP "mdat(1) #000000", false, false},
    {FTYP "#00000001 #6d646174", false, false}, // its 64-bit size is missing
    {FTYP "mdat-8(1 2 3)", false, false},       // sizes that lead nowhere
    {FTYP "#0000000766726565 free(1)", false, false},
    {FTYP "mdat*-9() free+1()", false, false},
    {"mdat+1(1 2 3)", false, false}, // may be anything
    // here or elsewhere
    {FTYP "moov(" HERE ")", false, false},
    {FTYP "moov(" ELSEWHERE ")", false, true},
    {FTYP "moov(" HERE HERE ELSEWHERE ")", false, true},
    {"moov(" ELSEWHERE ")", false, true},
    {FTYP "mdat(1) moov(mvhd(0) " ELSEWHERE ")", false, true},
    {FTYP "moov*(" ELSEWHERE ")", false, true},
    {FTYP "moov.(" ELSEWHERE ")", false, true},
    {FTYP "moov+1(" ELSEWHERE ")", true, true},
    {FTYP "moov(" DREF("alis(1) url_(0)") ")", false, true},
    {FTYP "moov(" DREF("url*(0)") ")", false, true},
    {FTYP "moov(" DREF("url_+9(1)") ")", false, false},
    {FTYP "moov(" DREF("url_(#000001)") ")", false, false},
    {FTYP "moov(" DREF("") ")", false, false},
    {FTYP "moov(trak(mdia(minf(dinf(dref())))))", false, false},
    {FTYP "moov(udta(" ELSEWHERE "))", false, false}, // no way that leads to a track
    {FTYP "free(moov(" ELSEWHERE "))", false, false},
};

static void test_quicktime(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(quicktime); i++) {
        CLEANUP(text_release) struct text file = {0};
        boxes_write(&file, quicktime[i].boxes);
        struct answers found = ask(file.data, file.size);
        if (found.cut != quicktime[i].cut || found.external != quicktime[i].external || found.end)
            fail_msg("%s: cut %d, external %d, end %lld", quicktime[i].boxes, found.cut,
                     found.external, (long long)found.end);
    }
}

/* An empty header; and room for a size of eight bytes. */
#define HEADER "#1a45dfa380"
#define ROOM   "#0000000000000000"

static const struct {
    const char *bytes;
    int64_t end;
} matroska[] = {
    {HEADER "#18538067 #80" ROOM, 10},
    {HEADER "#18538067 #81" ROOM, 11},
    {HEADER "#18538067 #fe" ROOM, 10 + 126},
    {HEADER "#18538067 #4064" ROOM, 11 + 100},
    {HEADER "#18538067 #200064" ROOM, 12 + 100},
    {HEADER "#18538067 #10000064" ROOM, 13 + 100},
    {HEADER "#18538067 #0800000064" ROOM, 14 + 100},
    {HEADER "#18538067 #040000000064" ROOM, 15 + 100},
    {HEADER "#18538067 #02000000000064" ROOM, 16 + 100},
    {HEADER "#18538067 #0100000000000064" ROOM, 17 + 100},
    {HEADER "#18538067 #01fffffffffffffe" ROOM, 17 + (1LL << 56) - 2},
    // written while recording: not known
    {HEADER "#18538067 #ff" ROOM, 0},
    {HEADER "#18538067 #7fff" ROOM, 0},
    {HEADER "#18538067 #1fffffff" ROOM, 0},
    {HEADER "#18538067 #01ffffffffffffff" ROOM, 0},
    // no such length
    {HEADER "#18538067 #00ffffffffffffff" ROOM, 0},
    // headers
    {"#1a45dfa384 #42868101 #18538067 #84" ROOM, 4 + 1 + 4 + 4 + 1 + 4},
    {"#1a45dfa30100000000000004 #42868101 #18538067 #84" ROOM, 4 + 8 + 4 + 4 + 1 + 4},
    {"#1a45dfa3ff #18538067 #84" ROOM, 0},
    {"#1a45dfa301fffffffffffffe #18538067 #84" ROOM, 0},
    {"#1a45dfa300 #18538067 #84" ROOM, 0},
    {HEADER "#1654ae6b #84" ROOM, 0}, // something else than a segment
    {"#1a45dfa2 #80 #18538067 #84" ROOM, 0},
};

static void test_matroska(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(matroska); i++) {
        CLEANUP(text_release) struct text file = {0};
        boxes_write(&file, matroska[i].bytes);
        struct answers found = ask(file.data, file.size);
        if (found.end != matroska[i].end || found.cut || found.external)
            fail_msg("%s: ends at %lld", matroska[i].bytes, (long long)found.end);
    }
}

/* Whatever is missing at the end, nothing is read that is not there. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text mov = {0}, mkv = {0};
    boxes_write(&mov, FTYP "moov(" ELSEWHERE ") mdat*(1 2 3)");
    const struct {
        size_t start, head, end;
    } boxes[] = {{0, 8, 16}, {16, 8, mov.size - 28}, {mov.size - 28, 16, mov.size}};
    for (size_t size = 0; size <= mov.size; size++) {
        bool cut = false;
        for (size_t i = 0; i < COUNT(boxes); i++)
            cut |= size >= boxes[i].start + boxes[i].head && size < boxes[i].end;
        assert_int_equal(ask(mov.data, size).cut, cut);
    }
    boxes_write(&mkv, "#1a45dfa384 #42868101 #18538067 #0100000000000064" ROOM);
    for (size_t size = 0; size <= mkv.size; size++)
        assert_int_equal(ask(mkv.data, size).end, size < 9 + 4 + 8 ? 0 : 9 + 4 + 8 + 100);
}

static void test_garbage(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[256];
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
        memcpy(bytes,
               round % 2 ? "\x1a\x45\xdf\xa3\x84"
                         : "\0\0\0\x8"
                           "ftyp",
               round % 2 ? 5 : 8);
        struct answers found = ask(bytes, sizeof(bytes));
        assert_int_equal(found.end, 0);
        assert_false(found.external);
    }
}

/* Boxes without end are not followed for ever; what hides behind them is not trusted. */
static void test_many_boxes(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text file = {0};
    boxes_write(&file, FTYP);
    for (int i = 0; i < 20000; i++)
        boxes_write(&file, "free()");
    boxes_write(&file, "mdat+1()");
    struct answers found = ask(file.data, file.size);
    assert_false(found.cut);
    assert_true(found.external);
}

static const struct {
    const char *format, *brand;
    bool allowed, names_others;
    const char *service_name;
} formats[] = {
    {"mov,mp4,m4a,3gp,3g2,mj2", NULL, true, false, "mp4"},
    {"mov,mp4,m4a,3gp,3g2,mj2", "isom", true, false, "mp4"},
    {"mov,mp4,m4a,3gp,3g2,mj2", "qt  ", true, false, "quicktime"},
    {"matroska,webm", NULL, true, false, "matroska"},
    {"matroska,webm", "qt  ", true, false, "matroska"},
    {"wav", NULL, true, false, "wave"},
    {"flv", NULL, true, false, "flv"},
    {"mp4", NULL, false, false, "mp4"}, // no name of FFmpeg's
    {"", NULL, false, false, ""},
    {"tty", NULL, false, false, "tty"},
    {"hls", NULL, false, true, "hls"},
    {"hls,applehttp", NULL, false, true, "hls,applehttp"},
    {"concat", NULL, false, true, "concat"},
    {"dash", NULL, false, true, "dash"},
    {"image2", NULL, false, true, "image2"},
    {"image2pipe", NULL, false, true, "image2pipe"},
    {"sdp", NULL, false, true, "sdp"},
};

static void test_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        assert_int_equal(container_allowed(formats[i].format), formats[i].allowed);
        assert_int_equal(container_names_others(formats[i].format), formats[i].names_others);
        assert_string_equal(container_service_name(formats[i].format, formats[i].brand),
                            formats[i].service_name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quicktime),    cmocka_unit_test(test_matroska),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_many_boxes),   cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
