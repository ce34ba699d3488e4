// Stands in for NVIDIA's header of this name, which no package registry has, so that the comparison
// with it is compiled and run everywhere. Our own words; methods that trtcore does not call have no
// more than their place. STAND_IN_LAYOUT is 10 or 11; STAND_IN_ONE_MORE is a release that put a
// method in.
#pragma once

#include <cstddef>
#include <cstdint>

using cudaStream_t = struct CUstream_st*;

namespace nvinfer1 {

using AsciiChar = char;

enum class APILanguage : std::int32_t { kCPP = 0, kPYTHON = 1 };

struct InterfaceInfo {
  AsciiChar const* kind;
  std::int32_t major;
  std::int32_t minor;
};

class IVersionedInterface {
 public:
  virtual APILanguage getAPILanguage() const noexcept { return APILanguage::kCPP; }
  virtual InterfaceInfo getInterfaceInfo() const noexcept = 0;
  virtual ~IVersionedInterface() noexcept = default;
};

namespace v_1_0 {
#if STAND_IN_LAYOUT == 10
class IProfiler {
 public:
  virtual void reportLayerTime(AsciiChar const* name, float ms) noexcept = 0;
  virtual ~IProfiler() noexcept = default;
};
#else
class IProfiler : public IVersionedInterface {
 public:
  InterfaceInfo getInterfaceInfo() const noexcept override { return {"IProfiler", 1, 0}; }
  virtual void reportLayerTime(AsciiChar const* name, float ms) noexcept = 0;
};
#endif
}  // namespace v_1_0
using IProfiler = v_1_0::IProfiler;

namespace apiv {

class VRoot {
 public:
  virtual ~VRoot() noexcept = default;
};

class VExecutionContext : public VRoot {
 public:
  virtual void getPImpl() noexcept = 0;
  virtual void setDebugSync() noexcept = 0;
  virtual void getDebugSync() noexcept = 0;
  virtual void setProfiler(IProfiler*) noexcept = 0;
  virtual IProfiler* getProfiler() const noexcept = 0;
  virtual void getEngine() noexcept = 0;
  virtual void setName(AsciiChar const*) noexcept = 0;
  virtual AsciiChar const* getName() const noexcept = 0;
  virtual void setDeviceMemory() noexcept = 0;
  virtual void getOptimizationProfile() noexcept = 0;
  virtual void allInputDimensionsSpecified() noexcept = 0;
#if STAND_IN_LAYOUT == 10
  virtual void allInputShapesSpecified() noexcept = 0;
#endif
  virtual void setErrorRecorder() noexcept = 0;
  virtual void getErrorRecorder() noexcept = 0;
  virtual bool executeV2(void* const*) noexcept = 0;
  virtual void setOptimizationProfileAsync() noexcept = 0;
#ifdef STAND_IN_ONE_MORE
  virtual void oneMore() noexcept = 0;
#endif
  virtual void setEnqueueEmitsProfile(bool) noexcept = 0;
  virtual bool getEnqueueEmitsProfile() const noexcept = 0;
  virtual bool reportToProfiler() const noexcept = 0;
  virtual void setInputShape() noexcept = 0;
  virtual void getTensorShape() noexcept = 0;
  virtual void getTensorStrides() noexcept = 0;
  virtual void setTensorAddress() noexcept = 0;
  virtual void const* getTensorAddress(AsciiChar const*) const noexcept = 0;
  virtual void setInputTensorAddress() noexcept = 0;
  virtual void setOutputTensorAddress() noexcept = 0;
  virtual void inferShapes() noexcept = 0;
  virtual void setInputConsumedEvent() noexcept = 0;
  virtual void getInputConsumedEvent() noexcept = 0;
  virtual void getOutputTensorAddress() noexcept = 0;
  virtual void setOutputAllocator() noexcept = 0;
  virtual void getOutputAllocator() noexcept = 0;
  virtual void getMaxOutputSize() noexcept = 0;
  virtual void setTemporaryStorageAllocator() noexcept = 0;
  virtual void getTemporaryStorageAllocator() noexcept = 0;
  virtual bool enqueueV3(cudaStream_t) noexcept = 0;
  virtual void setPersistentCacheLimit() noexcept = 0;
  virtual std::size_t getPersistentCacheLimit() const noexcept = 0;
};

}  // namespace apiv

class INoCopy {
 protected:
  INoCopy() = default;
  virtual ~INoCopy() = default;
  INoCopy(INoCopy const&) = delete;
  INoCopy& operator=(INoCopy const&) = delete;
};

class IExecutionContext : public INoCopy {
 public:
  virtual ~IExecutionContext() noexcept = default;

 protected:
  apiv::VExecutionContext* mImpl;
};

}  // namespace nvinfer1
