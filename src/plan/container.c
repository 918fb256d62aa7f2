/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/container.h"

#include <string.h>

/* Demuxers that read only the bytes they are given, by FFmpeg's name, and what MediaConvert's
 * Probe calls the format (its Format enum). What is not here is not opened. */
static const struct {
    const char *format_name, *service_name;
} allowed[] = {
    {"mov,mp4,m4a,3gp,3g2,mj2", "mp4"},
    {"matroska,webm", "matroska"},
    {"mpegts", "mpegts"},
    {"mxf", "mxf"},
    {"avi", "avi"},
    {"wav", "wave"},
    {"mpeg", NULL},
    {"asf", NULL},
    {"flv", NULL},
    {"ogg", NULL},
    {"ivf", NULL},
    {"gxf", NULL},
    {"dv", NULL},
    {"h264", NULL},
    {"hevc", NULL},
    {"mpegvideo", NULL},
    {"m4v", NULL},
    {"vc1", NULL},
    {"obu", NULL},
    {"yuv4mpegpipe", NULL},
    {"mp3", NULL},
    {"aac", NULL},
    {"ac3", NULL},
    {"eac3", NULL},
    {"flac", NULL},
    {"aiff", NULL},
};

static const char *const names_others[] = {
    "hls",    "concat", "dash",        "sdp",    "rtsp",
    "image2", "imf",    "tedcaptions", "vobsub", "webm_dash_manifest",
    "redir",
};

bool container_allowed(const char *format_name)
{
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (!strcmp(allowed[i].format_name, format_name))
            return true;
    return false;
}

bool container_names_others(const char *format_name)
{
    for (size_t i = 0; i < COUNT(names_others); i++)
        if (!strncmp(names_others[i], format_name, strlen(names_others[i])))
            return true;
    return false;
}

const char *container_service_name(const char *format_name, const char *brand)
{
    if (brand && !strcmp(format_name, "mov,mp4,m4a,3gp,3g2,mj2") && !strncmp(brand, "qt", 2))
        return "quicktime";
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (!strcmp(allowed[i].format_name, format_name) && allowed[i].service_name)
            return allowed[i].service_name;
    return format_name;
}

static uint64_t big_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool read_at(struct object_reader *reader, int64_t offset, void *buffer, size_t size)
{
    struct error ignored;
    size_t got = 0;
    return object_read(reader, offset, buffer, size, &got, &ignored) == 0 && got == size;
}

/* ---- QuickTime boxes ---- */

struct box {
    char type[5];
    int64_t payload, end; /* end may lie past the file's end, never before payload */
};

/* At most this many boxes are looked at: a file made of empty boxes would keep us forever. */
enum { MAX_BOXES = 4096 };

static bool box_at(struct object_reader *reader, int64_t offset, int64_t parent_end,
                   struct box *box)
{
    uint8_t head[16];
    if (offset < 0 || offset > parent_end - 8 || !read_at(reader, offset, head, 8))
        return false;
    uint64_t size = big_endian(head, 4);
    box->payload = offset + 8;
    if (size == 1) {
        if (!read_at(reader, offset, head, 16))
            return false;
        size = big_endian(head + 8, 8);
        box->payload = offset + 16;
    } else if (size == 0) {
        size = (uint64_t)(parent_end - offset);
    }
    if (size > INT64_MAX / 2 || offset + (int64_t)size < box->payload)
        return false;
    box->end = offset + (int64_t)size;
    memcpy(box->type, head + 4, 4);
    box->type[4] = '\0';
    return true;
}

/* A dref entry without the "self-contained" flag, in any of the boxes on the way down. There is one
 * moov; a file that hides it behind thousands of boxes is taken for one that hides something. */
static bool external_dref(struct object_reader *reader, int64_t offset, int64_t end, int depth,
                          int *budget)
{
    static const char *const way[] = {"moov", "trak", "mdia", "minf", "dinf", "dref"};
    struct box box;
    while (box_at(reader, offset, end, &box)) {
        if ((*budget)-- <= 0)
            return true;
        offset = box.end;
        if (strcmp(box.type, way[depth]))
            continue;
        if (depth < 5) {
            if (external_dref(reader, box.payload, box.end, depth + 1, budget))
                return true;
            if (depth == 0)
                return false;
            continue;
        }
        struct box entry;
        for (int64_t at = box.payload + 8; box_at(reader, at, box.end, &entry); at = entry.end) {
            uint8_t flags[4];
            if ((*budget)-- <= 0)
                return true;
            if (read_at(reader, entry.payload, flags, 4) && !(flags[3] & 1))
                return true;
        }
    }
    return false;
}

bool container_has_external_media(struct object_reader *reader)
{
    int budget = MAX_BOXES;
    return external_dref(reader, 0, object_info(reader)->bytes, 0, &budget);
}

bool container_is_cut(struct object_reader *reader)
{
    int64_t bytes = object_info(reader)->bytes, offset = 0;
    struct box box;
    if (!box_at(reader, 0, bytes, &box) || strcmp(box.type, "ftyp"))
        return false;
    for (int i = 0; i < MAX_BOXES && box_at(reader, offset, bytes, &box); i++)
        offset = box.end;
    return offset > bytes;
}

/* ---- Matroska (EBML) ---- */

/* An EBML size: the position of the first set bit tells its length. -1: unknown or none. */
static int64_t ebml_size(const uint8_t *bytes, int available, int *ret_length)
{
    int length = 1;
    while (length <= 8 && !(bytes[0] & (0x80 >> (length - 1))))
        length++;
    if (length > 8 || length > available)
        return -1;
    uint64_t mask = (1ULL << (7 * length)) - 1;
    uint64_t value = big_endian(bytes, length) & mask;
    *ret_length = length;
    return value == mask ? -1 : (int64_t)value;
}

int64_t container_declared_end(struct object_reader *reader)
{
    uint8_t head[12];
    int length;
    if (!read_at(reader, 0, head, sizeof(head)) || big_endian(head, 4) != 0x1A45DFA3)
        return 0;
    int64_t header = ebml_size(head + 4, 8, &length);
    if (header < 0 || header > 4096)
        return 0;
    int64_t segment = 4 + length + header;
    if (!read_at(reader, segment, head, sizeof(head)) || big_endian(head, 4) != 0x18538067)
        return 0;
    int64_t size = ebml_size(head + 4, 8, &length);
    return size < 0 || size > INT64_MAX / 2 ? 0 : segment + 4 + length + size;
}
