import java.util.List;
import java.util.Map;
import org.elasticsearch.cluster.metadata.ProjectId;
import org.elasticsearch.cluster.metadata.RepositoryMetadata;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.blobstore.BlobPath;
import org.elasticsearch.common.blobstore.BlobStore;
import org.elasticsearch.common.settings.SecureSetting;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Setting.Property;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.BigArrays;
import org.elasticsearch.env.Environment;
import org.elasticsearch.indices.recovery.RecoverySettings;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.RepositoryPlugin;
import org.elasticsearch.repositories.RepositoriesMetrics;
import org.elasticsearch.repositories.Repository;
import org.elasticsearch.repositories.blobstore.BlobStoreRepository;
import org.elasticsearch.xcontent.NamedXContentRegistry;

/** Repositories of type `s3`, with the settings of the module that the Elasticsearch of Maven lacks, of one client. */
public final class S3RepositoryPlugin extends Plugin implements RepositoryPlugin {
  private static final String CLIENT = "s3.client.default.";
  private static final Setting<String> ENDPOINT = Setting.simpleString(CLIENT + "endpoint", Property.NodeScope);
  private static final Setting<String> REGION = Setting.simpleString(CLIENT + "region", Property.NodeScope);
  private static final Setting<Boolean> PATH_STYLE =
      Setting.boolSetting(CLIENT + "path_style_access", false, Property.NodeScope);
  private static final Setting<?> ACCESS_KEY = SecureSetting.secureString(CLIENT + "access_key", null);
  private static final Setting<?> SECRET_KEY = SecureSetting.secureString(CLIENT + "secret_key", null);

  private final S3Client client;

  public S3RepositoryPlugin(Settings settings) {
    if (!PATH_STYLE.get(settings)) throw new IllegalArgumentException("only path style is known here");
    // What is secure can be read now and never again.
    client =
        new S3Client(
            ENDPOINT.get(settings),
            REGION.get(settings),
            ACCESS_KEY.get(settings).toString(),
            SECRET_KEY.get(settings).toString());
  }

  @Override
  public List<Setting<?>> getSettings() {
    return List.of(ENDPOINT, REGION, PATH_STYLE, ACCESS_KEY, SECRET_KEY);
  }

  @Override
  public Map<String, Repository.Factory> getRepositories(
      Environment environment,
      NamedXContentRegistry registry,
      ClusterService cluster,
      BigArrays arrays,
      RecoverySettings recovery,
      RepositoriesMetrics metrics) {
    return Map.of(
        "s3", (project, metadata) -> new S3Repository(project, metadata, registry, cluster, arrays, recovery));
  }

  private final class S3Repository extends BlobStoreRepository {
    private final String bucket;

    S3Repository(
        ProjectId project,
        RepositoryMetadata metadata,
        NamedXContentRegistry registry,
        ClusterService cluster,
        BigArrays arrays,
        RecoverySettings recovery) {
      super(project, metadata, registry, cluster, arrays, recovery, pathOf(metadata.settings().get("base_path", "")));
      bucket = metadata.settings().get("bucket");
    }

    @Override
    protected BlobStore createBlobStore() {
      return new BlobStore() {
        @Override
        public S3BlobContainer blobContainer(BlobPath path) {
          return new S3BlobContainer(client, bucket, path);
        }

        @Override
        public void close() {}
      };
    }
  }

  private static BlobPath pathOf(String text) {
    BlobPath path = BlobPath.EMPTY;
    for (String part : text.split("/")) if (!part.isEmpty()) path = path.add(part);
    return path;
  }
}
