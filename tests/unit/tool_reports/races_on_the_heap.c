#include <pthread.h>
#include <stdlib.h>
struct account { long balance; };
static void *deposit(void *arg)
{
    struct account *account = arg;
    account->balance += 10;
    return NULL;
}
int main(void)
{
    struct account *account = calloc(1, sizeof *account);
    pthread_t thread;
    pthread_create(&thread, NULL, deposit, account);
    long seen = account->balance;
    pthread_join(thread, NULL);
    free(account);
    return seen > 100;
}
