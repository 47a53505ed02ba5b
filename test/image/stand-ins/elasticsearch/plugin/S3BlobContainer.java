import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.common.blobstore.BlobContainer;
import org.elasticsearch.common.blobstore.BlobPath;
import org.elasticsearch.common.blobstore.DeleteResult;
import org.elasticsearch.common.blobstore.OperationPurpose;
import org.elasticsearch.common.blobstore.OptionalBytesReference;
import org.elasticsearch.common.blobstore.support.AbstractBlobContainer;
import org.elasticsearch.common.blobstore.support.BlobMetadata;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.core.CheckedConsumer;

/** One folder of a bucket. */
final class S3BlobContainer extends AbstractBlobContainer {
  private final S3Client client;
  private final String bucket;
  private final String folder;

  S3BlobContainer(S3Client client, String bucket, BlobPath path) {
    super(path);
    this.client = client;
    this.bucket = bucket;
    folder = path.buildAsString();
  }

  @Override
  public boolean blobExists(OperationPurpose purpose, String name) throws IOException {
    return client.exists(bucket, folder + name);
  }

  @Override
  public InputStream readBlob(OperationPurpose purpose, String name) throws IOException {
    return client.get(bucket, folder + name, null);
  }

  @Override
  public InputStream readBlob(OperationPurpose purpose, String name, long from, long length) throws IOException {
    if (length == 0) return InputStream.nullInputStream();
    return client.get(bucket, folder + name, "bytes=" + from + "-" + (from + length - 1));
  }

  @Override
  public void writeBlob(OperationPurpose purpose, String name, InputStream bytes, long size, boolean failIfThere)
      throws IOException {
    if (failIfThere && blobExists(purpose, name)) throw new FileAlreadyExistsException(folder + name);
    client.put(bucket, folder + name, bytes, size);
  }

  @Override
  public void writeBlobAtomic(OperationPurpose purpose, String name, InputStream bytes, long size, boolean failIfThere)
      throws IOException {
    writeBlob(purpose, name, bytes, size, failIfThere);
  }

  @Override
  public void writeMetadataBlob(
      OperationPurpose purpose,
      String name,
      boolean failIfThere,
      boolean atomic,
      CheckedConsumer<OutputStream, IOException> writer)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    writer.accept(bytes);
    byte[] all = bytes.toByteArray();
    writeBlob(purpose, name, new ByteArrayInputStream(all), all.length, failIfThere);
  }

  @Override
  public DeleteResult delete(OperationPurpose purpose) throws IOException {
    DeleteResult result = DeleteResult.ZERO;
    for (Map.Entry<String, Long> found : client.list(bucket, folder, false).objects().entrySet()) {
      client.delete(bucket, found.getKey());
      result = result.add(1, found.getValue());
    }
    return result;
  }

  @Override
  public void deleteBlobsIgnoringIfNotExists(OperationPurpose purpose, Iterator<String> names) throws IOException {
    while (names.hasNext()) client.delete(bucket, folder + names.next());
  }

  @Override
  public Map<String, BlobMetadata> listBlobs(OperationPurpose purpose) throws IOException {
    return listBlobsByPrefix(purpose, "");
  }

  @Override
  public Map<String, BlobMetadata> listBlobsByPrefix(OperationPurpose purpose, String prefix) throws IOException {
    Map<String, BlobMetadata> blobs = new TreeMap<>();
    client
        .list(bucket, folder + (prefix == null ? "" : prefix), true)
        .objects()
        .forEach((key, size) -> {
          String name = key.substring(folder.length());
          blobs.put(name, new BlobMetadata(name, size));
        });
    return blobs;
  }

  @Override
  public Map<String, BlobContainer> children(OperationPurpose purpose) throws IOException {
    Map<String, BlobContainer> children = new TreeMap<>();
    for (String key : client.list(bucket, folder, true).folders()) {
      String name = key.substring(folder.length(), key.length() - 1);
      children.put(name, new S3BlobContainer(client, bucket, path().add(name)));
    }
    return children;
  }

  @Override
  public void compareAndExchangeRegister(
      OperationPurpose purpose,
      String key,
      BytesReference expected,
      BytesReference updated,
      ActionListener<OptionalBytesReference> listener) {
    listener.onFailure(new UnsupportedOperationException());
  }
}
