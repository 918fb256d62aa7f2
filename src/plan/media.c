/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/media.h"

#include <stdbool.h>
#include <string.h>

#include "plan/container.h"
#include "plan/memory.h"
#include "plan/probe.h"
#include "s3/target.h"

enum {
    AVIO_BYTES = 64 * 1024,
    MAX_STREAMS = 64,
    MAX_PIXELS =
        8192 * 4608,     /* of one frame; the service's own limit for inputs is near 8192x4320 */
    AHEAD_PACKETS = 512, /* looked at, before the run, where only timestamps tell the frame rate */
};

struct media {
    struct object_reader *reader;
    struct cancel *cancel;
    AVIOContext *avio;
    AVFormatContext *format;
    int64_t position;

    struct error read_error; /* the storage's, kept while the demuxer only says EIO */
    bool read_failed;

    AVPacket *ahead[AHEAD_PACKETS]; /* read before the run began, to be delivered first */
    int ahead_first, ahead_count;
};

static int avio_read_object(void *opaque, uint8_t *buffer, int size)
{
    struct media *media = opaque;
    if (cancel_requested(media->cancel))
        return AVERROR_EXIT;
    if (media->read_failed) // demuxers try again; what failed first is the cause
        return AVERROR(EIO);

    size_t got = 0;
    if (object_read(media->reader, media->position, buffer, (size_t)size, &got,
                    &media->read_error) < 0) {
        media->read_failed = true;
        return AVERROR(EIO);
    }
    if (!got)
        return AVERROR_EOF;
    media->position += (int64_t)got;
    return (int)got;
}

static int64_t avio_seek_object(void *opaque, int64_t offset, int whence)
{
    struct media *media = opaque;
    int64_t size = object_info(media->reader)->bytes;
    if (whence & AVSEEK_SIZE)
        return size;
    switch (whence & ~AVSEEK_FORCE) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        offset += media->position;
        break;
    case SEEK_END:
        offset += size;
        break;
    default:
        return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    return media->position = offset;
}

/* A media file that asks for another file is refused, whatever it names. */
static int refuse_open(AVFormatContext *format, AVIOContext **pb, const char *url, int flags,
                       AVDictionary **options)
{
    (void)format, (void)pb, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static int interrupted(void *opaque)
{
    return cancel_requested(opaque);
}

/* The cause of a failed libav call: our cancel and our storage come before what the demuxer says.
 */
static int set_cause(struct media *media, int r, enum error_kind kind, const char *what,
                     struct error *err)
{
    if (cancel_requested(media->cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    if (media->read_failed) {
        *err = media->read_error;
        return -1;
    }
    return error_set(err, memory_kind(r, kind), "%s: [%s]", what, av_err2str(r));
}

/* Says what the bytes are, from the bytes alone: a name's extension proves nothing. */
static int recognise(struct media *media, const AVInputFormat **ret, struct error *err)
{
    if (object_info(media->reader)->bytes == 0)
        return error_set(err, ERROR_INPUT, "Failed probe/open: [the file is empty]");

    int score = av_probe_input_buffer2(media->avio, ret, "", NULL, 0, 0);
    if (score < 0)
        return set_cause(media, score, ERROR_INPUT, "Failed probe/open", err);
    if (container_allowed((*ret)->name))
        return 0;
    if (score < AVPROBE_SCORE_EXTENSION && !container_names_others((*ret)->name))
        return error_set(err, ERROR_INPUT, "Failed probe/open: [no media found in the file]");
    return error_set(err, ERROR_UNSUPPORTED, "Unsupported container format [%s]", (*ret)->name);
}

static int find_streams(struct media *media, struct error *err)
{
    AVFormatContext *format = media->format;
    AVDictionary *options[MAX_STREAMS] = {NULL};
    unsigned count = format->nb_streams < MAX_STREAMS ? format->nb_streams : MAX_STREAMS;
    for (unsigned i = 0; i < count; i++) {
        av_dict_set_int(&options[i], "max_pixels", MAX_PIXELS, 0);
        av_dict_set(&options[i], "threads", "1", 0);
    }
    int r = avformat_find_stream_info(format, count ? options : NULL);
    for (unsigned i = 0; i < count; i++)
        av_dict_free(&options[i]);
    if (r < 0)
        return set_cause(media, r, ERROR_DEMUXER, "Failed probe/open", err);
    return 0;
}

static int open_container(struct media *media, const AVInputFormat *demuxer, struct error *err)
{
    AVFormatContext *format = avformat_alloc_context();
    if (!format)
        return error_set(err, ERROR_BUG, "out of memory");
    format->pb = media->avio;
    format->io_open = refuse_open;
    format->interrupt_callback = (AVIOInterruptCB){interrupted, media->cancel};
    format->max_streams = MAX_STREAMS;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;

    CLEANUP(av_dict_free) AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "", 0);
    int r = avformat_open_input(&format, "", demuxer, &options); /* frees format when it fails */
    if (r < 0) {
        if (!cancel_requested(media->cancel) && container_is_cut(media->reader))
            return error_set(
                err, ERROR_SOURCE_READ,
                "Failed probe/open: [end of file hit at length [%lld]. Is file truncated?]",
                (long long)object_info(media->reader)->bytes);
        return set_cause(media, r, ERROR_INPUT, "Failed probe/open", err);
    }
    media->format = format;
    return find_streams(media, err);
}

/* An index that points past the end is known before hours of encoding, not after. */
static int check_complete(struct media *media, struct error *err)
{
    int64_t bytes = object_info(media->reader)->bytes;
    int64_t needed = container_declared_end(media->reader);
    for (unsigned i = 0; i < media->format->nb_streams; i++) {
        AVStream *stream = media->format->streams[i];
        int entries = strcmp(media->format->iformat->name, "mov,mp4,m4a,3gp,3g2,mj2")
                          ? 0
                          : avformat_index_get_entries_count(stream);
        for (int k = 0; k < entries; k++) {
            const AVIndexEntry *entry = avformat_index_get_entry(stream, k);
            int64_t end;
            if (!__builtin_add_overflow(entry->pos, (int64_t)entry->size, &end) && end > needed)
                needed = end;
        }
    }
    if (needed <= bytes)
        return 0;
    return error_set(
        err, ERROR_SOURCE_READ,
        "Demuxer: [ReadPacketData File read failed - end of file hit at length [%lld]. "
        "Is file truncated?]: %lld bytes are missing",
        (long long)bytes, (long long)(needed - bytes));
}

static int open_all(struct media *media, struct storage *storage, const char *uri,
                    struct error *err)
{
    if (storage_open(storage, uri, media->cancel, &media->reader, err) < 0)
        return -1;

    unsigned char *buffer = av_malloc(AVIO_BYTES);
    if (buffer)
        media->avio = avio_alloc_context(buffer, AVIO_BYTES, 0, media, avio_read_object, NULL,
                                         avio_seek_object);
    if (!media->avio) {
        av_free(buffer);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    const AVInputFormat *demuxer = NULL;
    if (recognise(media, &demuxer, err) < 0)
        return -1;
    if (container_has_external_media(media->reader))
        return error_set(err, ERROR_UNSUPPORTED,
                         "Unsupported reference movie: [its media is in another file]");
    if (open_container(media, demuxer, err) < 0)
        return -1;
    return check_complete(media, err);
}

/* Reads on until `track` has shown two seconds of timestamps, keeping the packets for later. */
static int look_ahead(struct media *media, int track, int64_t *timestamps, int capacity)
{
    const AVStream *stream = media->format->streams[track];
    int count = 0;
    while (media->ahead_count < AHEAD_PACKETS && count < capacity) {
        AVPacket *packet = av_packet_alloc();
        if (!packet || av_read_frame(media->format, packet) < 0) {
            av_packet_free(&packet);
            break;
        }
        media->ahead[media->ahead_count++] = packet;
        int64_t time_us = probe_time(packet->pts, stream->time_base);
        if (packet->stream_index != track || time_us == AV_NOPTS_VALUE)
            continue;
        timestamps[count++] = time_us;
        if (timestamps[count - 1] - timestamps[0] > 2 * AV_TIME_BASE)
            break;
    }
    return count;
}

static void find_frame_rates(struct media *media, struct probe *probe)
{
    for (int i = 0; i < probe->tracks_count; i++) {
        struct probe_track *track = &probe->tracks[i];
        if (track->type != AVMEDIA_TYPE_VIDEO || track->attached_picture)
            continue;
        const AVStream *stream = media->format->streams[track->index];
        track->frame_rate = probe_declared_rate(stream);
        if (track->frame_rate.num == 0 && media->ahead_count == 0) {
            int64_t timestamps[256];
            int count = look_ahead(media, track->index, timestamps, (int)COUNT(timestamps));
            track->frame_rate = probe_measured_rate(timestamps, count);
        }
        track->frame_rate = probe_standard_rate(track->frame_rate);
    }
}

int media_open(struct media **ret, struct storage *storage, const char *uri, struct cancel *cancel,
               struct arena *arena, struct probe **ret_probe, struct error *err)
{
    CLEANUP(media_close) struct media *media = av_mallocz(sizeof(*media));
    if (!media)
        return error_set(err, ERROR_BUG, "out of memory");
    media->cancel = cancel;
    struct probe *probe = NULL;
    int r = open_all(media, storage, uri, err);
    if (r == 0) {
        probe = probe_streams(arena, media->format, uri, object_info(media->reader));
        find_frame_rates(media, probe);
    }
    /* Demuxers make their own sense of reads that fail or are cancelled, and may even be content.
     */
    if (cancel_requested(cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    if (r == 0 && media->read_failed) {
        *err = media->read_error;
        r = -1;
    }
    if (r < 0)
        return error_add(err, "Unable to open input file [%s]", target_shown(arena, uri));
    *ret_probe = probe;
    *ret = TAKE(media);
    return 0;
}

/* Times that no recording has are none. */
static void bound_times(const struct media *media, AVPacket *packet)
{
    AVRational base = media->format->streams[packet->stream_index]->time_base;
    if (probe_time(packet->pts, base) == AV_NOPTS_VALUE)
        packet->pts = AV_NOPTS_VALUE;
    if (probe_time(packet->dts, base) == AV_NOPTS_VALUE)
        packet->dts = AV_NOPTS_VALUE;
    if (probe_time(packet->duration, base) == AV_NOPTS_VALUE)
        packet->duration = 0;
}

int media_read(struct media *media, AVPacket *packet, struct error *err)
{
    int r = 0;
    if (media->ahead_first < media->ahead_count) {
        AVPacket **first = &media->ahead[media->ahead_first++];
        av_packet_move_ref(packet, *first);
        av_packet_free(first);
    } else {
        r = av_read_frame(media->format, packet);
    }
    if (r >= 0) {
        bound_times(media, packet);
        return 1;
    }
    if (r == AVERROR_EOF && !media->read_failed && !cancel_requested(media->cancel))
        return 0;
    return set_cause(media, r, ERROR_DEMUXER, "Demuxer: [ReadPacketData]", err);
}

const AVStream *media_stream(const struct media *media, int index)
{
    return media->format->streams[index];
}

void media_select(struct media *media, const int *streams, int count)
{
    for (unsigned i = 0; i < media->format->nb_streams; i++) {
        bool wanted = false;
        for (int k = 0; k < count; k++)
            wanted |= streams[k] == (int)i;
        media->format->streams[i]->discard = wanted ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
}

bool media_timestamps_jump(const struct media *media)
{
    return media->format->iformat->flags & AVFMT_TS_DISCONT;
}

void media_close(struct media **media)
{
    struct media *in = *media;
    if (!in)
        return;
    for (int i = in->ahead_first; i < in->ahead_count; i++)
        av_packet_free(&in->ahead[i]);
    avformat_close_input(&in->format);
    if (in->avio)
        av_freep(&in->avio->buffer);
    avio_context_free(&in->avio);
    object_close(&in->reader);
    av_freep(media);
}
