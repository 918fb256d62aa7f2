/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between the FFmpeg versions that we build with, and nothing else. 5.1 (libavcodec
 * 59) is the oldest; docs/architecture.md says which ones were really built.
 */
#ifndef PLAN_COMPAT_H
#define PLAN_COMPAT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/* The display matrix of a stream, or NULL. Side data moved into the codec parameters in 60.15. */
static inline const int32_t *compat_display_matrix(const AVStream *stream)
{
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *data =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
#endif
}

/* A frame's duration was pkt_duration before libavutil 57.30. */
static inline int64_t *compat_frame_duration(AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return &frame->duration;
#else
    return &frame->pkt_duration;
#endif
}

/* The bytes that an AVIO's write callback gets are const from libavformat 61 on. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t compat_written;
#else
typedef uint8_t compat_written;
#endif

#endif
