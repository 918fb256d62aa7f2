/* SPDX-License-Identifier: Apache-2.0 */
#include "run/adts.h"

struct adts_format adts_format(const AVCodecContext *codec, bool mpeg2)
{
    struct adts_format format = {.mpeg2 = mpeg2};
    if (codec->extradata_size >= 2) {
        const uint8_t *config = codec->extradata;
        format.object_type = config[0] >> 3;
        format.rate_index = (config[0] & 7) << 1 | config[1] >> 7;
        format.channels = config[1] >> 3 & 15;
    }
    return format;
}

void adts_header(const struct adts_format *format, int size, uint8_t header[ADTS_HEADER])
{
    int length = size + ADTS_HEADER;
    int profile = format->object_type - 1;
    header[0] = 0xff;
    header[1] = (uint8_t)(0xf1 | format->mpeg2 << 3);
    header[2] = (uint8_t)(profile << 6 | format->rate_index << 2 | format->channels >> 2);
    header[3] = (uint8_t)((format->channels & 3) << 6 | length >> 11);
    header[4] = (uint8_t)(length >> 3);
    header[5] = (uint8_t)((length & 7) << 5 | 0x1f); /* buffer fullness: variable rate */
    header[6] = 0xfc;
}
