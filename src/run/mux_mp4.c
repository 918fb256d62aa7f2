/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MP4 with moov in front and no second file. FFmpeg's muxer writes
 *
 *   ftyp  free  mdat-header | media … | moov
 *
 * and comes back once to set mdat's size. What stands before the media and after it is kept in
 * memory; the media itself goes straight into the object. At the end moov is edited and the object
 * is finished with its head: ftyp, moov, mdat-header.
 */
#include <string.h>

#include <libavutil/intreadwrite.h>

#include "plan/compat.h"
#include "plan/memory.h"
#include "run/mp4.h"
#include "run/mux.h"

enum { AVIO_BYTES = 256 * 1024, FREE_SPACE_BYTES = 2048 };

struct mp4 {
    struct object_writer *object;
    AVIOContext *avio;
    AVFormatContext *format;
    int64_t position; /* of the muxer in what it believes is a file */
    bool in_media;    /* the head is complete */
    int64_t media_start, media_end;
    bool media_ended; /* the muxer has come back to the head */
    struct text head, tail;
    struct error error;
    bool failed;
};

static struct mp4 *mp4_of(const struct stage *stage)
{
    return mux_of(stage)->state;
}

/* Writes into a memory part of the file, growing it. */
static void overwrite(struct text *text, int64_t at, const uint8_t *bytes, size_t size)
{
    size_t offset = (size_t)at;
    size_t inside = offset < text->size ? text->size - offset : 0;
    if (inside > size)
        inside = size;
    if (inside)
        memcpy(text->data + offset, bytes, inside);
    if (size > inside)
        text_append(text, bytes + inside, size - inside);
}

static int avio_write_mp4(void *opaque, compat_written *bytes, int size)
{
    struct mp4 *mp4 = opaque;
    int64_t at = mp4->position;
    mp4->position += size;
    if (!mp4->in_media || at < mp4->media_start) {
        overwrite(&mp4->head, at, bytes, (size_t)size);
    } else if (mp4->media_ended) {
        overwrite(&mp4->tail, at - mp4->media_end, bytes, (size_t)size);
    } else {
        mp4->media_end = at + size;
        if (object_write(mp4->object, bytes, (size_t)size, &mp4->error) < 0) {
            mp4->failed = true;
            return AVERROR(EIO);
        }
    }
    return size;
}

static int64_t avio_seek_mp4(void *opaque, int64_t offset, int whence)
{
    struct mp4 *mp4 = opaque;
    if (whence & AVSEEK_SIZE)
        return AVERROR(ENOSYS);
    if (whence != SEEK_SET)
        return AVERROR(EINVAL);
    if (mp4->in_media && offset < mp4->media_start)
        mp4->media_ended = true;
    return mp4->position = offset;
}

static int mp4_error(struct mp4 *mp4, int r, struct error *err)
{
    if (mp4->failed) {
        *err = mp4->error;
        return -1;
    }
    return error_set(err, ERROR_UNKNOWN, "MP4 muxer failed: %s", av_err2str(r));
}

static int write_header(struct stage *stage, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    const struct plan_mp4 *plan = &mux_of(stage)->output->mp4;
    CLEANUP(av_dict_free) AVDictionary *options = NULL;
    if (plan->cslg)
        av_dict_set(&options, "movflags", "+negative_cts_offsets", 0);
    if (plan->major_brand)
        av_dict_set(&options, "brand", plan->major_brand, 0);
    int r = avformat_write_header(mp4->format, &options);
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_SETTINGS), "MP4 muxer refuses the settings: %s",
                         av_err2str(r));
    avio_flush(mp4->avio);
    mp4->in_media = true;
    mp4->media_start = mp4->media_end = mp4->position;
    return 0;
}

static int mp4_open(struct stage *stage, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    const struct plan_output *output = mux_of(stage)->output;
    uint8_t *buffer = av_malloc(AVIO_BYTES);
    mp4->avio =
        buffer ? avio_alloc_context(buffer, AVIO_BYTES, 1, mp4, NULL, avio_write_mp4, avio_seek_mp4)
               : NULL;
    if (!mp4->avio)
        return error_set(err, ERROR_BUG, "out of memory");
    if (mux_new_format(stage, "mp4", mp4->avio, &mp4->format, err) < 0 ||
        write_header(stage, err) < 0)
        return -1;
    struct object_headers headers = run_headers(stage->run, output->group, output->content_type);
    return object_create(stage->run->delivery, output->uri, &headers, &mp4->object, err);
}

static int mp4_write(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    packet->stream_index = index;
    av_packet_rescale_ts(packet, mux_of(stage)->streams[index].time_base,
                         mp4->format->streams[index]->time_base);
    int r = av_write_frame(mp4->format, packet);
    return r < 0 || mp4->failed ? mp4_error(mp4, r, err) : 0;
}

/* The mdat header in front of the media: eight bytes, or sixteen beyond 4 GiB. */
static void put_mdat_header(struct text *out, int64_t media)
{
    uint8_t header[16];
    bool wide = media + 8 > UINT32_MAX;
    AV_WB32(header, wide ? 1 : (uint32_t)(media + 8));
    memcpy(header + 4, "mdat", 4);
    AV_WB64(header + 8, (uint64_t)media + 16);
    text_append(out, header, wide ? 16 : 8);
}

static void put_free_box(struct text *out)
{
    uint8_t box[FREE_SPACE_BYTES] = {0};
    AV_WB32(box, FREE_SPACE_BYTES);
    memcpy(box + 4, "free", 4);
    text_append(out, box, sizeof(box));
}

/* moov, edited for media that begins at byte `media_at` of the object. */
static int put_moov(struct stage *stage, int64_t media_at, struct text *out, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    const struct plan_mp4 *plan = &mux_of(stage)->output->mp4;
    int64_t media = mp4->media_end - mp4->media_start;
    struct mp4_edit edit = {
        .shift = media_at - mp4->media_start,
        .co64 = media + (int64_t)mp4->tail.size * 2 + (1 << 20) > UINT32_MAX,
        .cslg = plan->cslg,
        .ctts_version = plan->ctts_version,
    };
    if (mp4_edit_moov((const uint8_t *)mp4->tail.data, mp4->tail.size, &edit, out, err) < 0)
        return -1;
    if (plan->free_space_box)
        put_free_box(out);
    return 0;
}

static int finish_object(struct stage *stage, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    const struct plan_mp4 *plan = &mux_of(stage)->output->mp4;
    int64_t media = mp4->media_end - mp4->media_start;
    CLEANUP(text_release) struct text head = {0}, moov = {0}, mdat = {0};

    size_t ftyp_size;
    const uint8_t *ftyp =
        mp4_find((const uint8_t *)mp4->head.data, mp4->head.size, "ftyp", &ftyp_size);
    if (!ftyp)
        return error_set(err, ERROR_BUG, "the muxer wrote no ftyp");
    text_append(&head, ftyp - 8, ftyp_size + 8);
    put_mdat_header(&mdat, media);
    if (put_moov(stage, 0, &moov, err) < 0) /* for its size */
        return -1;

    int64_t media_at = (int64_t)(head.size + mdat.size + (plan->moov_first ? moov.size : 0));
    moov.size = 0;
    if (put_moov(stage, media_at, &moov, err) < 0)
        return -1;
    text_release(&mp4->tail);
    if (plan->moov_first)
        text_append(&head, moov.data, moov.size);
    else if (object_write(mp4->object, moov.data, moov.size, err) < 0)
        return -1;
    text_append(&head, mdat.data, mdat.size);
    if (object_finish(mp4->object, head.data, head.size, err) < 0)
        return -1;
    const struct mux *mux = mux_of(stage);
    run_add_object(stage->run, mux->index, "MP4", mux->output->uri,
                   media_at + media + (plan->moov_first ? 0 : (int64_t)moov.size), mux_end_us(mux));
    return 0;
}

static int mp4_finish(struct stage *stage, struct error *err)
{
    struct mp4 *mp4 = mp4_of(stage);
    avio_flush(mp4->avio);
    int r = av_write_trailer(mp4->format);
    avio_flush(mp4->avio);
    if (r < 0 || mp4->failed)
        return mp4_error(mp4, r, err);
    return finish_object(stage, err);
}

static void mp4_release(struct stage *stage)
{
    struct mp4 *mp4 = mp4_of(stage);
    avformat_free_context(mp4->format);
    if (mp4->avio)
        av_freep(&mp4->avio->buffer);
    avio_context_free(&mp4->avio);
    object_writer_free(&mp4->object);
    text_release(&mp4->head);
    text_release(&mp4->tail);
}

const struct container_kind mp4_container = {
    .container = CONTAINER_MP4,
    .state_size = sizeof(struct mp4),
    .open = mp4_open,
    .write = mp4_write,
    .finish = mp4_finish,
    .release = mp4_release,
};
