using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

public sealed class ServiceCollectionTests(PostgreSqlFixture postgreSql)
{
    [Fact]
    public async Task Add_WithAConnectionString_RegistersTheStore()
    {
        await using ServiceProvider provider = new ServiceCollection()
            .AddGaiPipelinesPostgreSql(postgreSql.ConnectionString, options => options.Schema = "services")
            .BuildServiceProvider();

        ILogStore store = provider.GetRequiredService<ILogStore>();

        Assert.Same(provider.GetRequiredService<PostgreSqlLogStore>(), store);
        Assert.True(store.IsShared);
        Assert.Null(await store.FindAsync(LogKey.New(), CancellationToken.None));
    }

    [Fact]
    public async Task Add_WithADataSourceOfTheApplication_UsesItAndLeavesItOpen()
    {
        await using var source = NpgsqlDataSource.Create(postgreSql.ConnectionString);
        await using (ServiceProvider provider = new ServiceCollection()
            .AddSingleton(source)
            .AddGaiPipelinesPostgreSql(options => options.Schema = "services")
            .BuildServiceProvider())
        {
            Assert.Null(await provider.GetRequiredService<ILogStore>().FindAsync(LogKey.New(), CancellationToken.None));
        }

        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
    }

    [Fact]
    public void Add_NoDataSourceIsRegistered_SaysWhatToDo()
    {
        using ServiceProvider provider = new ServiceCollection().AddGaiPipelinesPostgreSql().BuildServiceProvider();

        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<ILogStore>);

        Assert.Contains("Register one, or give AddGaiPipelinesPostgreSql a connection string.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_OptionIsOutOfRange_FailsWhenTheApplicationStarts()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddGaiPipelinesPostgreSql("Host=none", options => options.MaxConnections = 0)
            .BuildServiceProvider();

        Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);
    }

    [Fact]
    public async Task Add_AStoreIsRegisteredBefore_KeepsIt()
    {
        var memory = new MemoryLogStore();
        await using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<ILogStore>(memory)
            .AddGaiPipelinesPostgreSql("Host=none")
            .BuildServiceProvider();

        Assert.Same(memory, provider.GetRequiredService<ILogStore>());
    }
}
