import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The requests of S3 that a repository needs, with signature version 4. */
final class S3Client {
  record Listing(Map<String, Long> objects, Set<String> folders) {}

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
  private static final Pattern OBJECT = Pattern.compile("<Contents>.*?</Contents>", Pattern.DOTALL);
  private static final Pattern FOLDER =
      Pattern.compile("<CommonPrefixes>\\s*<Prefix>(.*?)</Prefix>", Pattern.DOTALL);

  private final String endpoint;
  private final String region;
  private final String accessKey;
  private final String secretKey;

  S3Client(String endpoint, String region, String accessKey, String secretKey) {
    this.endpoint = endpoint;
    this.region = region;
    this.accessKey = accessKey;
    this.secretKey = secretKey;
  }

  boolean exists(String bucket, String key) throws IOException {
    HttpURLConnection answer = open("HEAD", bucket, key, Map.of());
    if (answer.getResponseCode() == 404) return false;
    requireSuccess(answer);
    return true;
  }

  InputStream get(String bucket, String key, String range) throws IOException {
    HttpURLConnection answer = open("GET", bucket, key, Map.of());
    if (range != null) answer.setRequestProperty("Range", range);
    if (answer.getResponseCode() == 404) throw new NoSuchFileException(key);
    requireSuccess(answer);
    return answer.getInputStream();
  }

  void put(String bucket, String key, InputStream bytes, long size) throws IOException {
    HttpURLConnection request = open("PUT", bucket, key, Map.of());
    request.setDoOutput(true);
    request.setFixedLengthStreamingMode(size);
    try (OutputStream body = request.getOutputStream()) {
      bytes.transferTo(body);
    }
    requireSuccess(request);
  }

  void delete(String bucket, String key) throws IOException {
    HttpURLConnection answer = open("DELETE", bucket, key, Map.of());
    if (answer.getResponseCode() != 404) requireSuccess(answer);
  }

  /** @param flat only what is in the folder itself, and the folders in it */
  Listing list(String bucket, String prefix, boolean flat) throws IOException {
    Listing found = new Listing(new TreeMap<>(), new TreeSet<>());
    for (String token = ""; token != null; ) {
      Map<String, String> query = new TreeMap<>(Map.of("list-type", "2", "prefix", prefix));
      if (flat) query.put("delimiter", "/");
      if (!token.isEmpty()) query.put("continuation-token", token);
      HttpURLConnection answer = open("GET", bucket, "", query);
      requireSuccess(answer);
      String text = new String(answer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Matcher object = OBJECT.matcher(text);
      while (object.find())
        found.objects().put(field(object.group(), "Key"), Long.parseLong(field(object.group(), "Size")));
      Matcher folder = FOLDER.matcher(text);
      while (folder.find()) found.folders().add(folder.group(1));
      token = field(text, "NextContinuationToken");
    }
    return found;
  }

  /** Names in a repository need no escapes in XML. */
  private static String field(String text, String name) {
    Matcher field = Pattern.compile("<" + name + ">(.*?)</" + name + ">", Pattern.DOTALL).matcher(text);
    return field.find() ? field.group(1) : null;
  }

  private static void requireSuccess(HttpURLConnection answer) throws IOException {
    int status = answer.getResponseCode();
    if (status < 300) return;
    InputStream error = answer.getErrorStream();
    String text = error == null ? "" : new String(error.readAllBytes(), StandardCharsets.UTF_8);
    throw new IOException(answer.getRequestMethod() + " " + answer.getURL() + ": " + status + " " + text);
  }

  private HttpURLConnection open(String method, String bucket, String key, Map<String, String> query)
      throws IOException {
    String path = "/" + encode(bucket) + "/" + encode(key).replace("%2F", "/");
    String words =
        new TreeMap<>(query)
            .entrySet().stream()
                .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                .collect(Collectors.joining("&"));
    URI address = URI.create(endpoint + path + (words.isEmpty() ? "" : "?" + words));
    HttpURLConnection request = (HttpURLConnection) address.toURL().openConnection();
    request.setRequestMethod(method);
    String time = ZonedDateTime.now(ZoneOffset.UTC).format(TIME);
    request.setRequestProperty("x-amz-date", time);
    request.setRequestProperty("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    String headers =
        "host:" + address.getAuthority() + "\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:" + time + "\n";
    String signed = "host;x-amz-content-sha256;x-amz-date";
    String canonical = String.join("\n", method, path, words, headers, signed, "UNSIGNED-PAYLOAD");
    String scope = time.substring(0, 8) + "/" + region + "/s3/aws4_request";
    try {
      String digest = hex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.UTF_8)));
      byte[] signingKey = ("AWS4" + secretKey).getBytes(StandardCharsets.UTF_8);
      for (String word : scope.split("/")) signingKey = hmac(signingKey, word);
      String signature = hex(hmac(signingKey, String.join("\n", "AWS4-HMAC-SHA256", time, scope, digest)));
      request.setRequestProperty(
          "Authorization",
          "AWS4-HMAC-SHA256 Credential=" + accessKey + "/" + scope + ", SignedHeaders=" + signed
              + ", Signature=" + signature);
    } catch (GeneralSecurityException error) {
      throw new IOException(error);
    }
    return request;
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
  }
}
