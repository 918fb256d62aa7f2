/* SPDX-License-Identifier: Apache-2.0 */
#include "run/queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct queue {
    int capacity; /* immutable */

    /* ---- guarded by lock ---- */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int first, count;
    int senders;
    bool closed;
    struct item items[];
};

void item_release(struct item *item)
{
    av_packet_free(&item->packet);
    av_frame_free(&item->frame);
}

struct queue *queue_new(int capacity)
{
    struct queue *queue = calloc(1, sizeof(*queue) + sizeof(struct item) * (size_t)capacity);
    if (!queue)
        return NULL;
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    return queue;
}

void queue_free(struct queue **queue)
{
    struct queue *q = *queue;
    if (!q)
        return;
    for (int i = 0; i < q->count; i++)
        item_release(&q->items[(q->first + i) % q->capacity]);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q);
    *queue = NULL;
}

void queue_add_sender(struct queue *queue)
{
    queue->senders++;
}

int queue_send(struct queue *queue, struct item item)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && queue->count == queue->capacity)
        pthread_cond_wait(&queue->changed, &queue->lock);
    bool closed = queue->closed;
    if (!closed) {
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    if (closed)
        item_release(&item);
    return closed ? QUEUE_CLOSED : QUEUE_SENT;
}

void queue_end(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->senders--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

int queue_receive(struct queue *queue, struct item *ret)
{
    int r = QUEUE_END;
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && !queue->count && queue->senders > 0)
        pthread_cond_wait(&queue->changed, &queue->lock);
    if (queue->closed) {
        r = QUEUE_CLOSED;
    } else if (queue->count) {
        *ret = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        pthread_cond_broadcast(&queue->changed);
        r = QUEUE_RECEIVED;
    }
    pthread_mutex_unlock(&queue->lock);
    return r;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}
