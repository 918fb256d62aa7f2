/* SPDX-License-Identifier: Apache-2.0 */
/* The header in front of AAC frames, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/adts.h"

/* AAC LC at 48 kHz: index 3 of the standard's table. */
#define LC(channels)                                                                               \
    {                                                                                              \
        2, 3, channels, false                                                                      \
    }

static const struct {
    struct adts_format format;
    int size;
    uint8_t header[ADTS_HEADER];
} headers[] = {
    {LC(2), 364, {0xff, 0xf1, 0x4c, 0x80, 0x2e, 0x7f, 0xfc}},
    {LC(1), 364, {0xff, 0xf1, 0x4c, 0x40, 0x2e, 0x7f, 0xfc}},
    {LC(6), 364, {0xff, 0xf1, 0x4d, 0x80, 0x2e, 0x7f, 0xfc}},
    {{2, 3, 2, true}, 364, {0xff, 0xf9, 0x4c, 0x80, 0x2e, 0x7f, 0xfc}},
    {{2, 4, 2, false}, 364, {0xff, 0xf1, 0x50, 0x80, 0x2e, 0x7f, 0xfc}},
    {{2, 11, 1, false}, 364, {0xff, 0xf1, 0x6c, 0x40, 0x2e, 0x7f, 0xfc}},
    {{1, 0, 7, false}, 364, {0xff, 0xf1, 0x01, 0xc0, 0x2e, 0x7f, 0xfc}},
    {{4, 12, 2, false}, 364, {0xff, 0xf1, 0xf0, 0x80, 0x2e, 0x7f, 0xfc}},
    // 13 bits of length, the header's own seven bytes among them
    {LC(2), 0, {0xff, 0xf1, 0x4c, 0x80, 0x00, 0xff, 0xfc}},
    {LC(2), 1, {0xff, 0xf1, 0x4c, 0x80, 0x01, 0x1f, 0xfc}},
    {LC(2), 2041, {0xff, 0xf1, 0x4c, 0x81, 0x00, 0x1f, 0xfc}},
    {LC(2), 8184, {0xff, 0xf1, 0x4c, 0x83, 0xff, 0xff, 0xfc}},
};

static void test_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        uint8_t header[ADTS_HEADER];
        adts_header(&headers[i].format, headers[i].size, header);
        assert_memory_equal(header, headers[i].header, sizeof(header));
    }
}

static const struct {
    uint8_t config[4]; /* AudioSpecificConfig */
    int size;
    struct adts_format format;
} configs[] = {
    {{0x11, 0x90}, 2, {2, 3, 2}},  {{0x11, 0x88}, 2, {2, 3, 1}},
    {{0x11, 0xb0}, 2, {2, 3, 6}},  {{0x12, 0x10}, 2, {2, 4, 2}},
    {{0x15, 0x88}, 2, {2, 11, 1}}, {{0x10, 0x38}, 2, {2, 0, 7}},
    {{0x09, 0x90}, 2, {1, 3, 2}},  {{0x11, 0x90, 0x56, 0xe5}, 4, {2, 3, 2}}, // more may follow
};

static void test_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(configs); i++) {
        CLEANUP(avcodec_free_context) AVCodecContext *codec = avcodec_alloc_context3(NULL);
        codec->extradata = av_mallocz((size_t)configs[i].size + AV_INPUT_BUFFER_PADDING_SIZE);
        codec->extradata_size = configs[i].size;
        memcpy(codec->extradata, configs[i].config, (size_t)configs[i].size);
        for (int mpeg2 = 0; mpeg2 < 2; mpeg2++) {
            struct adts_format format = adts_format(codec, mpeg2);
            assert_int_equal(format.object_type, configs[i].format.object_type);
            assert_int_equal(format.rate_index, configs[i].format.rate_index);
            assert_int_equal(format.channels, configs[i].format.channels);
            assert_int_equal(format.mpeg2, mpeg2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
