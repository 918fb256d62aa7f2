/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies between two stages: a bounded first-in-first-out queue with many senders and one
 * receiver. It ends when every sender has said so and it is empty. Closing it wakes everybody and
 * makes all further calls fail: that is how a cancel travels.
 */
#ifndef RUN_QUEUE_H
#define RUN_QUEUE_H

#include <stdint.h>

#include <libavcodec/packet.h>
#include <libavutil/frame.h>

/* A packet, a frame, or neither: then it says that this stream's time has come to time_us. */
struct item {
    int source; /* which of the receiver's inputs; its own numbering */
    AVPacket *packet;
    AVFrame *frame;
    int64_t time_us; /* frames and times: on the output's timeline */
};

void item_release(struct item *item);

struct queue;

enum { QUEUE_SENT = 0, QUEUE_CLOSED = -1, QUEUE_END = 0, QUEUE_RECEIVED = 1 };

/* NULL: out of memory. */
struct queue *queue_new(int capacity);
void queue_free(struct queue **queue);

/* Before any thread runs: one more sender. */
void queue_add_sender(struct queue *queue);

/* Waits for room. The item is consumed either way. QUEUE_SENT or QUEUE_CLOSED. */
int queue_send(struct queue *queue, struct item item);

/* This sender sends no more. */
void queue_end(struct queue *queue);

/* Waits for an item. QUEUE_RECEIVED, QUEUE_END or QUEUE_CLOSED. */
int queue_receive(struct queue *queue, struct item *ret);

void queue_close(struct queue *queue);

#endif
