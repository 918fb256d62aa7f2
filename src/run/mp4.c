/* SPDX-License-Identifier: Apache-2.0 */
#include "run/mp4.h"

#include <string.h>

#include <libavutil/intreadwrite.h>

/* Boxes that only hold other boxes, as far as we have to go into them. */
static const char *const containers[] = {"moov", "trak", "mdia", "minf", "stbl"};

static bool is_container(const uint8_t *type)
{
    for (size_t i = 0; i < COUNT(containers); i++)
        if (!memcmp(type, containers[i], 4))
            return true;
    return false;
}

static void put32(struct text *out, uint32_t value)
{
    uint8_t bytes[4];
    AV_WB32(bytes, value);
    text_append(out, bytes, sizeof(bytes));
}

static void put64(struct text *out, uint64_t value)
{
    put32(out, (uint32_t)(value >> 32));
    put32(out, (uint32_t)value);
}

static void set_size(struct text *out, size_t at)
{
    AV_WB32(out->data + at, (uint32_t)(out->size - at));
}

const uint8_t *mp4_find(const uint8_t *boxes, size_t size, const char *type, size_t *ret_size)
{
    for (size_t at = 0; at + 8 <= size;) {
        size_t box = AV_RB32(boxes + at);
        if (box < 8 || box > size - at)
            return NULL;
        if (!memcmp(boxes + at + 4, type, 4)) {
            *ret_size = box - 8;
            return boxes + at + 8;
        }
        at += box;
    }
    return NULL;
}

/* stco, co64: version and flags, count, offsets of 4 or 8 bytes */
static int edit_offsets(const uint8_t *payload, size_t size, size_t width,
                        const struct mp4_edit *edit, struct text *out, struct error *err)
{
    size_t start = out->size;
    uint32_t count = AV_RB32(payload + 4);
    if ((size - 8) / width < count)
        return error_set(err, ERROR_BUG, "the muxer's moov has a broken list of chunks");
    bool wide = width == 8 || edit->co64;
    put32(out, 0);
    text_append(out, wide ? "co64" : "stco", 4);
    text_append(out, payload, 8);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = payload + 8 + i * width;
        uint64_t offset = (width == 8 ? AV_RB64(entry) : AV_RB32(entry)) + (uint64_t)edit->shift;
        if (wide)
            put64(out, offset);
        else
            put32(out, (uint32_t)offset);
    }
    set_size(out, start);
    return 0;
}

/* What cslg says, found by walking ctts and stts side by side (ISO/IEC 14496-12, 8.6.1). */
struct composition {
    int64_t least, greatest, start, end;
};

/* How many pairs of numbers a table really has, whatever it says. */
static uint32_t pairs(const uint8_t *table, size_t size)
{
    size_t room = (size - 8) / 8;
    return AV_RB32(table + 4) < room ? AV_RB32(table + 4) : (uint32_t)room;
}

static struct composition measure(const uint8_t *ctts, size_t ctts_size, const uint8_t *stts,
                                  size_t stts_size)
{
    struct composition c = {INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN};
    uint32_t ctts_count = pairs(ctts, ctts_size), stts_count = pairs(stts, stts_size);
    uint32_t in_stts = 0, used = 0;
    int64_t dts = 0;
    for (uint32_t i = 0; i < ctts_count; i++) {
        int32_t offset = (int32_t)AV_RB32(ctts + 8 + (size_t)i * 8 + 4);
        for (uint32_t left = AV_RB32(ctts + 8 + (size_t)i * 8); left && in_stts < stts_count;) {
            /* samples with one offset and one duration */
            uint32_t all = AV_RB32(stts + 8 + (size_t)in_stts * 8),
                     duration = AV_RB32(stts + 8 + (size_t)in_stts * 8 + 4);
            uint32_t samples = all - used < left ? all - used : left;
            uint64_t lasts = (uint64_t)samples * duration;
            if (lasts > INT64_MAX / 4 || dts > INT64_MAX / 4)
                return c; /* nothing lasts as long */
            if (samples) {
                int64_t first = dts + offset, end = first + (int64_t)lasts;
                c.least = offset < c.least ? offset : c.least;
                c.greatest = offset > c.greatest ? offset : c.greatest;
                c.start = first < c.start ? first : c.start;
                c.end = end > c.end ? end : c.end;
            }
            dts += (int64_t)lasts;
            left -= samples;
            used += samples;
            if (used == all) {
                in_stts++;
                used = 0;
            }
        }
    }
    return c;
}

static void put_cslg(const uint8_t *stbl, size_t stbl_size, struct text *out)
{
    size_t ctts_size = 0, stts_size = 0;
    const uint8_t *ctts = mp4_find(stbl, stbl_size, "ctts", &ctts_size);
    const uint8_t *stts = mp4_find(stbl, stbl_size, "stts", &stts_size);
    if (!ctts || !stts || ctts_size < 16 || stts_size < 16)
        return;
    struct composition c = measure(ctts, ctts_size, stts, stts_size);
    if (c.end < c.start)
        return;
    /* By so much composition times must be shifted to lie after decoding times. */
    int64_t fields[5] = {c.least < 0 ? -c.least : 0, c.least, c.greatest, c.start, c.end};
    bool wide = c.end > INT32_MAX || fields[0] > INT32_MAX;
    size_t start = out->size;
    put32(out, 0);
    text_append(out, "cslg", 4);
    put32(out, wide ? 1u << 24 : 0);
    for (int i = 0; i < 5; i++) {
        if (wide)
            put64(out, (uint64_t)fields[i]);
        else
            put32(out, (uint32_t)fields[i]);
    }
    set_size(out, start);
}

static int edit_boxes(const uint8_t *boxes, size_t size, const struct mp4_edit *edit,
                      struct text *out, struct error *err)
{
    for (size_t at = 0; at < size;) {
        size_t box = size - at >= 8 ? AV_RB32(boxes + at) : 0;
        if (box < 8 || box > size - at)
            return error_set(err, ERROR_BUG, "the muxer's moov is broken at byte %zu", at);
        const uint8_t *type = boxes + at + 4, *payload = boxes + at + 8;
        size_t payload_size = box - 8, start = out->size;
        if (is_container(type)) {
            text_append(out, boxes + at, 8);
            if (edit_boxes(payload, payload_size, edit, out, err) < 0)
                return -1;
            set_size(out, start);
        } else if (!memcmp(type, "stco", 4) && payload_size >= 8) {
            if (edit_offsets(payload, payload_size, 4, edit, out, err) < 0)
                return -1;
        } else if (!memcmp(type, "co64", 4) && payload_size >= 8) {
            if (edit_offsets(payload, payload_size, 8, edit, out, err) < 0)
                return -1;
        } else {
            text_append(out, boxes + at, box);
            if (!memcmp(type, "ctts", 4) && payload_size >= 8) {
                out->data[start + 8] = (char)edit->ctts_version;
                if (edit->cslg)
                    put_cslg(boxes, size, out);
            }
        }
        at += box;
    }
    return 0;
}

int mp4_edit_moov(const uint8_t *moov, size_t size, const struct mp4_edit *edit, struct text *out,
                  struct error *err)
{
    return edit_boxes(moov, size, edit, out, err);
}
