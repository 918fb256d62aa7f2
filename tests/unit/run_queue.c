/* SPDX-License-Identifier: Apache-2.0 */
/* The queue between two stages: order, bounds, its end, and that a close wakes everybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/queue.h"

enum { LIMIT_S = 60, PATIENCE_US = 20 * 1000 }; /* nobody hangs; nobody moves who must wait */

/* An item without anything in it but a number. */
static struct item numbered(int source, int64_t number)
{
    return (struct item){.source = source, .time_us = number};
}

/* An item whose packet counts when it is freed. */
static void count_free(void *opaque, uint8_t *data)
{
    (void)data;
    (*(int *)opaque)++;
}

static struct item counted(int *freed)
{
    static uint8_t data[1];
    AVPacket *packet = av_packet_alloc();
    packet->buf = av_buffer_create(data, sizeof(data), count_free, freed, 0);
    return (struct item){.packet = packet, .frame = av_frame_alloc()};
}

static struct queue *with_senders(int capacity, int senders)
{
    struct queue *queue = queue_new(capacity);
    while (senders-- > 0)
        queue_add_sender(queue);
    return queue;
}

/* --- by one thread --- */

static void test_order(void **state)
{
    (void)state;
    for (int capacity = 1; capacity <= 5; capacity++) {
        CLEANUP(queue_free) struct queue *queue = with_senders(capacity, 1);
        int64_t sent = 0, received = 0;
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i <= round % capacity; i++)
                assert_int_equal(queue_send(queue, numbered(3, sent++)), QUEUE_SENT);
            while (received < sent) {
                struct item item;
                assert_int_equal(queue_receive(queue, &item), QUEUE_RECEIVED);
                assert_int_equal(item.time_us, received++);
                assert_int_equal(item.source, 3);
            }
        }
    }
}

static void test_end(void **state)
{
    (void)state;
    struct item item;
    CLEANUP(queue_free) struct queue *queue = with_senders(4, 2);
    queue_send(queue, numbered(0, 1));
    queue_end(queue);
    queue_send(queue, numbered(1, 2));
    queue_end(queue);
    assert_int_equal(queue_receive(queue, &item), QUEUE_RECEIVED); // what was sent still comes
    assert_int_equal(queue_receive(queue, &item), QUEUE_RECEIVED);
    assert_int_equal(item.time_us, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(queue_receive(queue, &item), QUEUE_END);

    CLEANUP(queue_free) struct queue *nobody = with_senders(4, 0);
    assert_int_equal(queue_receive(nobody, &item), QUEUE_END);
}

static void test_closed(void **state)
{
    (void)state;
    struct item item;
    int freed = 0;
    struct queue *queue = with_senders(4, 1);
    queue_send(queue, counted(&freed));
    queue_close(queue);
    assert_int_equal(queue_receive(queue, &item), QUEUE_CLOSED);
    assert_int_equal(queue_send(queue, counted(&freed)), QUEUE_CLOSED);
    assert_int_equal(freed, 1); // consumed all the same
    queue_end(queue);
    assert_int_equal(queue_receive(queue, &item), QUEUE_CLOSED);
    queue_close(queue);
    queue_free(&queue);
    assert_int_equal(freed, 2);
    assert_null(queue);
    queue_free(&queue);
}

static void test_ownership(void **state)
{
    (void)state;
    int freed = 0;
    struct item item;
    struct queue *queue = with_senders(3, 1);
    for (int i = 0; i < 3; i++)
        queue_send(queue, counted(&freed));
    queue_receive(queue, &item);
    queue_send(queue, counted(&freed)); // around the end of the ring
    assert_int_equal(freed, 0);
    item_release(&item);
    assert_int_equal(freed, 1);
    assert_null(item.packet);
    assert_null(item.frame);
    item_release(&item);
    queue_free(&queue);
    assert_int_equal(freed, 4);
}

/* --- by several threads --- */

struct sender {
    pthread_t thread;
    struct queue *queue;
    int source, count;
    atomic_int sent;
    int closed; /* how many were not taken */
};

static void *send_all(void *opaque)
{
    struct sender *sender = opaque;
    for (int i = 0; i < sender->count; i++) {
        if (queue_send(sender->queue, numbered(sender->source, i)) == QUEUE_SENT)
            atomic_fetch_add(&sender->sent, 1);
        else
            sender->closed++;
    }
    queue_end(sender->queue);
    return NULL;
}

static void start(struct sender *sender, struct queue *queue, int source, int count)
{
    *sender = (struct sender){.queue = queue, .source = source, .count = count};
    assert_int_equal(pthread_create(&sender->thread, NULL, send_all, sender), 0);
}

static void wait_for(atomic_int *value, int least)
{
    while (atomic_load(value) < least)
        usleep(100);
}

static void test_many_senders(void **state)
{
    (void)state;
    enum { SENDERS = 4, ITEMS = 5000 };
    CLEANUP(queue_free) struct queue *queue = with_senders(3, SENDERS);
    struct sender senders[SENDERS];
    int next[SENDERS] = {0};
    for (int i = 0; i < SENDERS; i++)
        start(&senders[i], queue, i, ITEMS + i);

    struct item item;
    while (queue_receive(queue, &item) == QUEUE_RECEIVED)
        assert_int_equal(item.time_us, next[item.source]++);
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(next[i], ITEMS + i);
    }
}

static void test_capacity(void **state)
{
    (void)state;
    CLEANUP(queue_free) struct queue *queue = with_senders(2, 1);
    struct sender sender;
    struct item item;
    start(&sender, queue, 0, 4);
    for (int room = 2; room <= 4; room++) {
        wait_for(&sender.sent, room);
        usleep(PATIENCE_US);
        assert_int_equal(atomic_load(&sender.sent), room);
        assert_int_equal(queue_receive(queue, &item), QUEUE_RECEIVED);
    }
    assert_int_equal(queue_receive(queue, &item), QUEUE_RECEIVED);
    assert_int_equal(queue_receive(queue, &item), QUEUE_END);
    pthread_join(sender.thread, NULL);
}

static void test_close_wakes_senders(void **state)
{
    (void)state;
    CLEANUP(queue_free) struct queue *queue = with_senders(1, 3);
    struct sender senders[3];
    int sent = 0;
    queue_send(queue, numbered(0, 0));
    for (int i = 0; i < 3; i++)
        start(&senders[i], queue, i, 2);
    usleep(PATIENCE_US);
    queue_close(queue);
    for (int i = 0; i < 3; i++) {
        pthread_join(senders[i].thread, NULL);
        sent += atomic_load(&senders[i].sent);
        assert_int_equal(senders[i].closed, 2);
    }
    assert_int_equal(sent, 0);
}

struct receiver {
    pthread_t thread;
    struct queue *queue;
    atomic_int answers;
    int last;
};

/* Receives until there is no more, and says why. */
static void *receive_all(void *opaque)
{
    struct receiver *receiver = opaque;
    struct item item;
    do {
        receiver->last = queue_receive(receiver->queue, &item);
        atomic_fetch_add(&receiver->answers, 1);
    } while (receiver->last == QUEUE_RECEIVED);
    return NULL;
}

static void test_receiver_waits(void **state)
{
    (void)state;
    static const bool closes[] = {false, true};
    for (size_t i = 0; i < COUNT(closes); i++) {
        CLEANUP(queue_free) struct queue *queue = with_senders(4, 2);
        struct receiver receiver = {.queue = queue};
        assert_int_equal(pthread_create(&receiver.thread, NULL, receive_all, &receiver), 0);
        usleep(PATIENCE_US);
        assert_int_equal(atomic_load(&receiver.answers), 0);
        queue_send(queue, numbered(0, 0));
        wait_for(&receiver.answers, 1);
        queue_end(queue); // one of two
        usleep(PATIENCE_US);
        assert_int_equal(atomic_load(&receiver.answers), 1);
        if (closes[i])
            queue_close(queue);
        else
            queue_end(queue);
        pthread_join(receiver.thread, NULL);
        assert_int_equal(atomic_load(&receiver.answers), 2);
        assert_int_equal(receiver.last, closes[i] ? QUEUE_CLOSED : QUEUE_END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_ownership),
        cmocka_unit_test(test_many_senders),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_close_wakes_senders),
        cmocka_unit_test(test_receiver_waits),
    };
    alarm(LIMIT_S);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
