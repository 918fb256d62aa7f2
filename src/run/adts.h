/* SPDX-License-Identifier: Apache-2.0 */
/* The seven bytes in front of each AAC frame outside MP4 (ISO/IEC 13818-7, 6.2). */
#ifndef RUN_ADTS_H
#define RUN_ADTS_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>

enum { ADTS_HEADER = 7 };

struct adts_format {
    int object_type; /* 2: LC */
    int rate_index;  /* of the standard's table of sample rates */
    int channels;    /* channel configuration */
    bool mpeg2;      /* says MPEG-2 AAC; the frames are the same for LC */
};

/* What the encoder's AudioSpecificConfig says. */
struct adts_format adts_format(const AVCodecContext *codec, bool mpeg2);

/* `size`: of the raw AAC frame that follows, at most 8184 bytes as no AAC frame is longer. */
void adts_header(const struct adts_format *format, int size, uint8_t header[ADTS_HEADER]);

#endif
