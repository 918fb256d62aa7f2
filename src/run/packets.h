/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that wait inside one stage, first in, first out. */
#ifndef RUN_PACKETS_H
#define RUN_PACKETS_H

#include <stdlib.h>

#include <libavcodec/packet.h>

#include "base/error.h"

struct packet_node {
    AVPacket *packet;
    struct packet_node *next;
};

/* Starts as {0}. */
struct packets {
    struct packet_node *first, *last;
};

/* The packet is consumed either way. */
static inline int packets_push(struct packets *packets, AVPacket *packet, struct error *err)
{
    struct packet_node *node = calloc(1, sizeof(*node));
    if (!node) {
        av_packet_free(&packet);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    node->packet = packet;
    if (packets->last)
        packets->last->next = node;
    else
        packets->first = node;
    packets->last = node;
    return 0;
}

/* The first one, the caller's; there must be one. */
static inline AVPacket *packets_pop(struct packets *packets)
{
    struct packet_node *node = packets->first;
    AVPacket *packet = node->packet;
    packets->first = node->next;
    if (!packets->first)
        packets->last = NULL;
    free(node);
    return packet;
}

static inline void packets_release(struct packets *packets)
{
    while (packets->first) {
        AVPacket *packet = packets_pop(packets);
        av_packet_free(&packet);
    }
}

#endif
